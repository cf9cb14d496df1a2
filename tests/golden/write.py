"""Writes the golden bytes anew: `python -m tests.golden.write`. Never run by a test: a change is a decision."""

from pathlib import Path

from opensqt.domain.messages import name_of
from opensqt.runtime.codec import encode
from tests.golden.messages import kinds, sample

GOLDEN = Path(__file__).with_name("messages.hex")


def read() -> dict[str, str]:
    """Return the golden bytes as hex by message name."""
    lines = GOLDEN.read_text(encoding="ascii").splitlines()
    return dict(line.split(" ") for line in lines if not line.startswith("#"))


def write() -> None:
    """Write one line per message."""
    lines = [
        "# name and bytes (hex) of one fixed value of every message; python -m tests.golden.write"
    ]
    for kind in kinds():
        value = sample(kind)
        lines.append(f"{name_of(value)} {encode(value).hex()}")
    GOLDEN.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    write()
