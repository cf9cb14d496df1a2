"""CI runs every kind of test there is, and no test is left out without a condition that some machine meets."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TESTS = ROOT / "tests"
PARTS = ("slow", "coverage", "rest", "whole")
LEAVES_OUT = {
    f"pytest.{name}" for name in ("skip", "xfail", "importorskip", "mark.skip", "mark.xfail")
}
# The one place where a test is skipped: for what this machine lacks, named with its reason.
SKIPPER = TESTS / "conftest.py"


def left_out(text: str) -> Iterator[str]:
    """Yield each line of a test file that skips or excuses a test whatever the machine has."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in LEAVES_OUT:
            yield f"line {node.lineno}: {node.attr}"
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("mark.skipif"):
            asked = [part for part in ast.walk(node.args[0]) if isinstance(part, ast.Call)]
            if not asked:
                yield f"line {node.lineno}: a condition that asks nothing"


def collected(part: str) -> set[str]:
    """Return which folders of tests a target of the Makefile names, once all its variables are filled in."""
    said = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", part],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    runs = [line for line in said.stdout.splitlines() if " -m pytest " in line]
    return {word.split("/")[1] for run in runs for word in run.split() if word.startswith("tests/")}


@pytest.mark.row("I26")
def test_no_test_is_skipped_whatever_the_machine_has() -> None:
    """What a machine lacks skips a test with its reason; nothing else does."""
    found = {
        str(path.relative_to(ROOT)): lines
        for path in sorted(TESTS.rglob("*.py"))
        if path != SKIPPER and (lines := list(left_out(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


@pytest.mark.row("I26")
@pytest.mark.parametrize(
    "line",
    [
        '@pytest.mark.skip(reason="later")',
        "@pytest.mark.xfail",
        '@pytest.mark.skipif(True, reason="later")',
    ],
)
def test_a_test_that_is_left_out_is_named(line: str) -> None:
    """Each way of leaving a test out."""
    assert list(left_out(f"import pytest\n\n{line}\ndef test_it() -> None:\n    assert False\n"))


def test_what_asks_the_machine_is_allowed() -> None:
    """Only root can try what only root may do."""
    assert not list(
        left_out("@pytest.mark.skipif(os.geteuid() != 0, reason='x')\ndef test_it(): ...\n")
    )


@pytest.mark.row("I26")
def test_ci_runs_the_tests_of_every_folder() -> None:
    """Unit, component, contract, simulation, integration, e2e, crash and all others are in a part of `.ci/run`."""
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    folders = {
        path.relative_to(TESTS).parts[0]
        for path in TESTS.rglob("test_*.py")
        if path.parent != TESTS
    }
    named: set[str] = set()
    for part in PARTS:
        assert re.search(rf"^part {part} \d+ make {part}\b", script, re.MULTILINE), part
        if part != "slow":  # it takes the longer forms out of all of them
            named |= collected(part)
    assert folders - named == set()
