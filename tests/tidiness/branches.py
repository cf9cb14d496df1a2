"""How many branches of what decides over money the tests take: printed, held to a floor, published.

`python -m tests.tidiness.branches` reads what pytest has measured (`make coverage`) and returns 1 below the floor;
`--write` writes docs/coverage.md as well. It runs no test.
"""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

from tests.tidiness.source import ROOT

PAGE = ROOT / "docs" / "coverage.md"
REPORT = ROOT / "reports" / "coverage" / "report.json"
FLOOR_PERCENT = 90
PARTS = {
    "risk": ("opensqt/risk", "services/risk"),
    "execution": ("opensqt/execution", "services/executor"),
    "rules that they share": ("opensqt/domain",),
}
HEAD = """# Coverage

Written by `make coverage ARGS=--write`; not edited by hand. A branch is one way out of an `if`, a loop, a `match` or an
`except`, as coverage.py counts them; it is *taken* when some test of `tests/unit`, `tests/component` or
`tests/simulation` goes that way. What tests with servers, tests of the whole platform and Worlds in processes of their
own do comes on top and is not counted. Below {floor} % of branches in any line of this table CI fails.
"""


class Counts(msgspec.Struct, frozen=True):
    """What coverage.py says of one file."""

    num_branches: int
    covered_branches: int
    num_statements: int
    covered_lines: int


class File(msgspec.Struct, frozen=True):
    """One measured file."""

    summary: Counts


class Report(msgspec.Struct, frozen=True):
    """What coverage.py has written."""

    files: dict[str, File]


class Line(msgspec.Struct, frozen=True):
    """One part of the code: branches taken and all, lines run and all."""

    name: str
    taken: int
    branches: int
    run: int
    lines: int

    @property
    def percent(self) -> float:
        """The share of branches taken."""
        return 100 * self.taken / self.branches


def measured(report: Report) -> Iterator[Line]:
    """Yield a line a part; raise `LookupError` where a part was not measured."""
    for name, folders in PARTS.items():
        by_folder = {folder: list(_of(report, folder)) for folder in folders}
        if missing := [folder for folder, found in by_folder.items() if not found]:
            raise LookupError(f"nothing measured of {', '.join(missing)}: run `make coverage`")
        found = [one for counts in by_folder.values() for one in counts]
        yield Line(
            name=name,
            taken=sum(one.covered_branches for one in found),
            branches=sum(one.num_branches for one in found),
            run=sum(one.covered_lines for one in found),
            lines=sum(one.num_statements for one in found),
        )


def _of(report: Report, folder: str) -> Iterator[Counts]:
    for path, file in report.files.items():
        if PurePosixPath(path).is_relative_to(folder):
            yield file.summary


def table(lines: Iterable[Line]) -> str:
    """Return the table of all parts."""
    rows = [
        "| part | files | branches taken | of all | lines run | of all |",
        "|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {one.name} | `{'`, `'.join(PARTS[one.name])}` | {one.taken} of {one.branches}"
        f" | {one.percent:.1f} % | {one.run} of {one.lines} | {100 * one.run / one.lines:.1f} % |"
        for one in lines
    ]
    return "\n".join(rows)


def judged(lines: Iterable[Line]) -> list[str]:
    """Name the parts below the floor."""
    return [one.name for one in lines if one.percent < FLOOR_PERCENT]


def main(words: list[str]) -> int:
    """Print the table, publish it when asked, and judge."""
    lines = list(measured(_report()))
    sys.stdout.write(f"{table(lines)}\n")
    if "--write" in words:
        commit = _said("git", "rev-parse", "--short=12", "HEAD")
        changed = (
            " and what was not committed" if _said("git", "status", "--porcelain", "-uno") else ""
        )
        head = HEAD.format(floor=FLOOR_PERCENT)
        PAGE.write_text(
            f"{head}\nMeasured at commit {commit}{changed} by `make coverage`.\n\n{table(lines)}\n"
        )
    low = judged(lines)
    if low:
        sys.stdout.write(f"below {FLOOR_PERCENT} % of branches: {', '.join(low)}\n")
    return int(bool(low))


def _report() -> Report:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    _said(sys.executable, "-m", "coverage", "json", "-q", "-o", str(REPORT))
    return msgspec.json.decode(REPORT.read_bytes(), type=Report)


def _said(*words: str) -> str:
    return subprocess.run(
        words, cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
