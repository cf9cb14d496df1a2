"""How the product treats events: every fold says what it does with each kind, and the type checker sees every field."""

import ast
import re
from collections.abc import Iterator

from tests.tidiness.source import Source

PRODUCT = ("opensqt/", "services/")
UNION = re.compile(r"(|Market|Order|Risk|Account|Recon|Venue|Strategy|Control|Feed)Event|Message")
_SAID = r"(message|event|fact|said)"
UNTYPED = re.compile(rf"getattr\({_SAID}\b|\b{_SAID}\b.*#\s*type:\s*ignore")
# A strategy hears what it chooses to; what else is said changes nothing for it.
CHOOSERS = "opensqt/strategies/"


def closed(source: Source) -> Iterator[str]:
    """Find folds that pass over kinds of events that they do not name."""
    if not source.path.startswith(PRODUCT) or source.path.startswith(CHOOSERS):
        return
    for function in source.nodes:
        if isinstance(function, ast.FunctionDef):
            named = {one.arg for one in function.args.args if _is_union(one.annotation)}
            yield from _open_ends(source, function, named)


def typed(source: Source) -> Iterator[str]:
    """Find fields of messages that are fetched past the type checker."""
    if source.path.startswith(PRODUCT):
        for number, line in enumerate(source.lines, start=1):
            if UNTYPED.search(line):
                yield f"{source.path}:{number}: narrow the message to what has the field"


def _is_union(annotation: ast.expr | None) -> bool:
    found = ast.walk(annotation) if annotation is not None else ()
    return any(isinstance(one, ast.Name) and UNION.fullmatch(one.id) for one in found)


def _open_ends(source: Source, function: ast.FunctionDef, named: set[str]) -> Iterator[str]:
    for node in ast.walk(function):
        if not (isinstance(node, ast.Match) and isinstance(node.subject, ast.Name)):
            continue
        subject, last = node.subject.id, node.cases[-1]
        is_rest = isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        if subject in named and is_rest and not any(_names_rest(one, subject) for one in last.body):
            yield (
                f"{source.path}:{last.pattern.lineno}: end in assert_never({subject}), or name what is not its "
                f"business: _not_mine: ... = {subject}"
            )


def _names_rest(step: ast.stmt, subject: str) -> bool:
    """Tell whether a step gives the rest a type, or hands it to somebody who does."""
    if isinstance(step, ast.AnnAssign):
        return isinstance(step.value, ast.Name) and step.value.id == subject
    calls = (one for one in ast.walk(step) if isinstance(one, ast.Call))
    return any(isinstance(one, ast.Name) and one.id == subject for c in calls for one in c.args)
