"""Which tests keep each sentence of the design's sections 4 to 8, from docs/rules.toml.

`python -m tests.tidiness.rules --write` writes docs/rules.md; without it the file is only compared. A rule names tests
that fail when it is broken, or says under `later` why there is none yet and what is missing.
"""

import ast
import sys
import tomllib
from collections.abc import Iterable

from tests.tidiness.source import ROOT, Source, sources

LIST = ROOT / "docs" / "rules.toml"
PAGE = ROOT / "docs" / "rules.md"
SECTIONS = {
    "bus": "4. The bus",
    "journal": "5. The journal",
    "order": "6. The life of an order",
    "strategy": "7. Strategies",
    "failure": "8. Failure",
}
KEYS = {"rule", "tests", "later"}
HEAD = """# Every sentence of the design has a test

Written by `make rows` from `docs/rules.toml`; not edited by hand. Each rule is a sentence of sections 4 to 8 of the
design in our own words, with the tests that fail when it is broken. *Later* says what is missing, and why.

"""

Rule = dict[str, str | list[str]]


class Broken(ValueError):
    """The list contradicts the tests or itself; each line of the message is one contradiction."""


def functions(files: Iterable[Source]) -> set[str]:
    """Return every test as `path::function`."""
    return {
        f"{source.path}::{node.name}"
        for source in files
        if source.path.startswith("tests/")
        for node in source.tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }


def page(rules: dict[str, Rule], known: set[str]) -> str:
    """Return docs/rules.md; raises `Broken`."""
    broken = [line for name, rule in rules.items() for line in _faults(name, rule, known)]
    if broken:
        raise Broken("\n".join(broken))
    later = [name for name, rule in rules.items() if "later" in rule]
    tested = [name for name, rule in rules.items() if rule.get("tests")]
    whole = len(tested) - len(set(tested) & set(later))
    partly = len(set(tested) & set(later))
    count = f"{len(rules)} rules · {whole} tested · {partly} in part · {len(later) - partly} later"
    lines = [HEAD + count]
    for prefix, title in SECTIONS.items():
        lines += ["", f"## {title}", "", "| rule | what holds | tests |", "|---|---|---|"]
        lines += [_line(n, rule) for n, rule in rules.items() if n.startswith(f"{prefix}.")]
    return "\n".join(lines) + "\n"


def current_page() -> str:
    """Return what docs/rules.md must hold now; raises `Broken`."""
    return page(tomllib.loads(LIST.read_text(encoding="utf-8")), functions(sources()))


def _faults(name: str, rule: Rule, known: set[str]) -> Iterable[str]:
    if name.partition(".")[0] not in SECTIONS or not name.partition(".")[2]:
        yield f"{name}: a rule is called <section>.<name>, section one of {', '.join(SECTIONS)}"
    for key in rule.keys() - KEYS:
        yield f"{name}: unknown key {key!r}, expected {', '.join(sorted(KEYS))}"
    if not rule.get("rule"):
        yield f"{name}: no sentence says what holds"
    if not rule.get("tests") and not rule.get("later"):
        yield f"{name}: no test, and no word about why (later)"
    for test in rule.get("tests", []):
        if f"tests/{test}" not in known:
            yield f"{name}: there is no test tests/{test}"


def _line(name: str, rule: Rule) -> str:
    tests = "<br>".join(f"`{test}`" for test in rule.get("tests", []))
    later = f" — *later: {rule['later']}*" if rule.get("later") else ""
    holds = str(rule["rule"]).replace("|", "\\|")
    return f"| {name} | {holds}{later} | {tests} |"


def main(arguments: list[str]) -> int:
    """Write the page, or say that it is not current."""
    try:
        text = current_page()
    except Broken as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    if "--write" in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/rules.md is not current: make rows\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
