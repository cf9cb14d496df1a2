"""Which rows of the acceptance list live, from the tests' markers and docs/rows.toml.

`python -m tests.tidiness.rows --write` writes docs/rows.md; without it the file is only compared.
A row is alive only if the list says so and some test names it.
"""

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable

from tests.tidiness.source import ROOT, Source, sources

LIST = ROOT / "docs" / "rows.toml"
PAGE = ROOT / "docs" / "rows.md"
HEAD = """# What must hold, and what does

Written by `make rows` from the row markers of the tests and from `docs/rows.toml`; not edited by hand.
A row is *alive* when the shipped system shows it and its test fails once the mechanism is switched off,
*partial* when a test names it but something of it is still missing, else *untouched*.

"""


class Broken(ValueError):
    """Markers and list contradict each other; each line of the message is one contradiction."""


def markers(files: Iterable[Source]) -> dict[str, list[str]]:
    """Return for every row the tests (`file::function`) that name it."""
    found: dict[str, list[str]] = {}
    for source in files:
        if not source.path.startswith("tests/") or "pytest.mark.row" not in source.text:
            continue
        for where, node in _calls(source):
            for argument in node.args:
                if isinstance(argument, ast.Constant):
                    found.setdefault(str(argument.value), []).append(f"{source.path}{where}")
    return found


def page(rows: dict[str, dict[str, str]], named: dict[str, list[str]]) -> str:
    """Return docs/rows.md; raises `Broken`."""
    broken = [f"{row}: named by {named[row][0]} but not in the list" for row in named.keys() - rows]
    for row, entry in rows.items():
        if entry.get("status", "alive") != "alive":
            broken.append(f'{row}: status is "alive" or left out, not {entry["status"]!r}')
        if entry.get("status") == "alive" and row not in named:
            broken.append(f"{row}: listed alive, but no test names it")
    if broken:
        raise Broken("\n".join(sorted(broken)))
    states = {row: _state(row, rows[row], named) for row in rows}
    count = Counter(states.values())
    figures = " · ".join(f"{count[s]} {s}" for s in ("alive", "partial", "untouched"))
    lines = [HEAD + figures + "\n", "| row | state | what must hold | tests |", "|---|---|---|---|"]
    for row, state in states.items():
        tests = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in named.get(row, ()))
        note = f" — *{rows[row]['note']}*" if rows[row].get("note") else ""
        holds = rows[row]["holds"].replace("|", "\\|")
        lines.append(f"| {row} | {state} | {holds}{note} | {tests} |")
    return "\n".join(lines) + "\n"


def current_page() -> str:
    """Return what docs/rows.md must hold now; raises `Broken`."""
    return page(tomllib.loads(LIST.read_text(encoding="utf-8")), markers(sources()))


def _state(row: str, entry: dict[str, str], named: dict[str, list[str]]) -> str:
    if entry.get("status") == "alive":
        return "alive"
    return "partial" if row in named else "untouched"


def _calls(source: Source) -> Iterable[tuple[str, ast.Call]]:
    """Yield every use of the marker with the function that it stands on or in."""
    for top in source.tree.body:
        named = isinstance(top, (ast.FunctionDef, ast.AsyncFunctionDef))
        where = f"::{top.name}" if named else ""  # type: ignore[attr-defined]  # narrowed above
        for node in ast.walk(top):
            if isinstance(node, ast.Call) and source.full_name(node.func) == "pytest.mark.row":
                yield where, node


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
        sys.stderr.write("docs/rows.md is not current: make rows\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
