"""What the product is made of, and what must not be in it: `python -m tests.tidiness.supply` writes reports/sbom.json.

Every package is pinned to a version and to hashes of its files; no file of the repository holds a key or a password.
"""

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SBOM = ROOT / "reports" / "sbom.json"
PINNED = re.compile(r"^(?P<name>[A-Za-z0-9_.-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:(?P<hash>[0-9a-f]{64})")
# What a key of a service or a private key looks like, wherever it stands.
SECRETS: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    "cloud key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "token of a forge": re.compile(r"\b(?:ghp|gho|ghs|github_pat|glpat)[_-][A-Za-z0-9_-]{20,}"),
    "password in an address": re.compile(
        r"\b(?:nats|postgres(?:ql)?|https?)://[\w.-]+:[A-Za-z0-9_-]{16,}@"
    ),
    "assigned secret": re.compile(
        r"(?i)\b(?:api_?key|secret|password|token)\b['\"]?\s*[:=]\s*['\"][A-Za-z0-9+/_-]{32,}['\"]"
    ),
}
TEXT_BYTES_MAX = 2_000_000
# The example that a venue's documentation signs with; it opens nothing.
DOCUMENTED = {"tests/simulation/venue/test_rules.py"}


def packages(text: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield name, version and hashes of each package of a requirements file; raise `ValueError` for a loose one."""
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        found = PINNED.match(block)
        hashes = tuple(HASH.findall(block))
        if found is None or not hashes:
            raise ValueError(f"not pinned to a version and hashes: {block.splitlines()[0]}")
        yield found["name"], found["version"], hashes


def bill_of_materials(text: str) -> dict[str, Any]:
    """Return the CycloneDX document of a requirements file."""
    parts = [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name.lower()}@{version}",
            "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
        }
        for name, version, hashes in packages(text)
    ]
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {"type": "application", "name": "opensqt", "version": digest[:12]}
        },
        "components": parts,
    }


def secrets_in(text: str) -> Iterator[str]:
    """Yield what looks like a secret: its kind and line."""
    for number, line in enumerate(text.splitlines(), start=1):
        for kind, pattern in SECRETS.items():
            if pattern.search(line):
                yield f"{number}: {kind}"


def tracked() -> list[Path]:
    """Return the files of the repository."""
    said = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    return [ROOT / name for name in said.decode().split("\0") if name]


def leaks() -> list[str]:
    """Return what looks like a secret in the repository."""
    return [
        f"{path.relative_to(ROOT)}:{found}"
        for path in tracked()
        if path.is_file()
        and str(path.relative_to(ROOT)) not in DOCUMENTED
        and path.stat().st_size <= TEXT_BYTES_MAX
        for found in secrets_in(path.read_text(encoding="utf-8", errors="replace"))
    ]


def main() -> int:
    """Judge pins and secrets, write the bill of materials; return 1 when something is wrong."""
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        _say(
            f"pins   ok  {file.name}: {sum(1 for _ in packages(file.read_text()))} packages, all hashed"
        )
    text = (ROOT / "requirements" / "runtime.txt").read_text()
    SBOM.parent.mkdir(exist_ok=True)
    SBOM.write_text(json.dumps(bill_of_materials(text), indent=1), encoding="utf-8")
    _say(f"sbom   ok  {SBOM.relative_to(ROOT)}")
    found = leaks()
    _say("\n".join(found) or f"secrets ok  none in {len(tracked())} files")
    return 1 if found else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
