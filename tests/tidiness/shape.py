"""How large and how named a file, a function and a class may be."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.tidiness.source import Source

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
CLASS_METHODS_MAX = 12
# A harness in tests is the script of a story: its steps are its methods, and nobody inherits or passes it around.
HARNESS_METHODS_MAX = 24
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "misc", "manager"}
# Names that say a quantity without its unit: age of what, in what?
UNITLESS = re.compile(
    r"(^|_)(timeout|age|delay|deadline|ttl|lag|duration|latency|elapsed|spread|slippage)$"
)
NUMBERS = {"int", "float", "Decimal", "int | None", "float | None", "Decimal | None"}

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def sizes(source: Source) -> Iterator[str]:
    """Find files, functions and classes that are too large."""
    in_tests = source.path.startswith("tests/")
    methods_max = HARNESS_METHODS_MAX if in_tests else CLASS_METHODS_MAX
    if len(source.lines) > FILE_LINES_MAX:
        yield f"{source.path}: {len(source.lines)} lines, at most {FILE_LINES_MAX}"
    for node in source.nodes:
        if isinstance(node, FUNCTIONS) and _lines(node) > FUNCTION_LINES_MAX:
            what = f"function {node.name} has {_lines(node)} lines, at most {FUNCTION_LINES_MAX}"
            yield f"{source.path}:{node.lineno}: {what}"
        if isinstance(node, ast.ClassDef) and _methods(node) > methods_max:
            what = f"class {node.name} has {_methods(node)} methods, at most {methods_max}"
            yield f"{source.path}:{node.lineno}: {what}"


def names(source: Source) -> Iterator[str]:
    """Find file names that say nothing."""
    words = set(PurePosixPath(source.path).stem.split("_"))
    for word in sorted(words & BANNED_NAMES):
        yield f"{source.path}: a file is named for what it is about, not {word!r}"


def docstrings(source: Source) -> Iterator[str]:
    """Find modules without a docstring, and tests that do not state the fact they test."""
    if not ast.get_docstring(source.tree):
        yield f"{source.path}: no module docstring: its purpose and what it must never do"
    if not source.path.startswith("tests/"):
        return
    for node in source.nodes:
        is_test = isinstance(node, FUNCTIONS) and node.name.startswith("test_")
        if is_test and isinstance(node, FUNCTIONS) and not ast.get_docstring(node):
            yield f"{source.path}:{node.lineno}: {node.name} does not say in a sentence what holds"
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test") and _is_collected(node):
            yield f"{source.path}:{node.lineno}: tests are free functions, not {node.name}"


def units(source: Source) -> Iterator[str]:
    """Find numbers whose name has no unit (`age_ms_max`, `spread_bps`, `notional_quote`)."""
    for node in source.nodes:
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                pass
            case _:
                continue
        bare = re.sub(r"_(min|max)$", "", name)
        if ast.unparse(annotation) in NUMBERS and UNITLESS.search(bare):
            yield f"{source.path}:{node.lineno}: {name} does not say its unit"


def _lines(node: Function) -> int:
    """Count the lines of a function without its decorators and its docstring."""
    assert node.end_lineno is not None
    lines = node.end_lineno - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) and first.end_lineno is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


def _is_collected(node: ast.ClassDef) -> bool:
    """Tell whether pytest would take a class of this name for tests."""
    return not any(ast.unparse(statement) == "__test__ = False" for statement in node.body)


def _methods(node: ast.ClassDef) -> int:
    return sum(isinstance(m, FUNCTIONS) and not m.name.startswith("__") for m in node.body)
