"""What code may call and catch, and where: one place for each impurity."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.tidiness.source import Source

# A pattern of full names, the files that may use them, and what to do instead. `*` crosses folders.
CALLS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("time.time", ("opensqt/runtime/clock.py", "tests/*", "benchmarks/*"), "take a Clock"),
    ("time.time_ns", ("opensqt/runtime/clock.py", "tests/*", "benchmarks/*"), "take a Clock"),
    ("time.monotonic*", ("opensqt/runtime/clock.py", "tests/*", "benchmarks/*"), "take a Clock"),
    ("time.sleep", ("tests/servers.py",), "wait for an event or a condition"),
    ("datetime.datetime.now", ("opensqt/runtime/clock.py",), "take a Clock"),
    ("datetime.datetime.utcnow", (), "take a Clock"),
    ("datetime.datetime.today", (), "take a Clock"),
    ("datetime.date.today", (), "take a Clock"),
    ("uuid.uuid1", (), "compute ids from their cause"),
    ("uuid.uuid4", ("tests/*",), "compute ids from their cause"),
    ("random.[a-z]*", (), "pass a random.Random(seed)"),
    # Ids of spans name nothing that is decided or journalled.
    (
        "random.SystemRandom",
        ("opensqt/runtime/telemetry/provider.py",),
        "pass a random.Random(seed)",
    ),
    ("os.urandom", (), "secrets, where a secret is made"),
    (
        "secrets.*",
        (
            *("opensqt/cli/*", "opensqt/desk/*", "opensqt/runtime/journal/desk.py", "tests/*"),
            "opensqt/runtime/access/logins.py",
        ),
        "compute it",
    ),
    ("eval", (), "write it out"),
    ("exec", (), "write it out"),
)
WAITING = "tests/conditions.py"
PURE = re.compile(
    r"^(opensqt/(domain|strategies|risk|execution)/.*|services/[a-z_]+/(decide|state))\.py$"
)
BROAD = {"Exception", "BaseException"}
BROAD_ALLOWED = ("opensqt/runtime/process.py",)
# Spelt in pieces, so that this file does not find itself.
UNDONE = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b(?!\(#\d+\))")
BARE_IGNORE = re.compile(r"#\s*(type:\s*ignore|noqa)(?![\[:])")


def calls(source: Source) -> Iterator[str]:
    """Find calls that have one home, outside it; and sleeping tests."""
    for node in source.nodes:
        if not isinstance(node, ast.Call):
            continue
        name = source.full_name(node.func)
        for pattern, homes, instead in CALLS:
            if fnmatch(name, pattern) and not any(fnmatch(source.path, home) for home in homes):
                yield f"{source.path}:{node.lineno}: {name}() is not for here: {instead}"
        if name == "random.Random" and not node.args:
            yield f"{source.path}:{node.lineno}: random.Random() without a seed"
        is_test = source.path.startswith("tests/") and source.path != WAITING
        if is_test and name == "asyncio.sleep" and not _is_zero(node):
            yield f"{source.path}:{node.lineno}: a test does not sleep: tests.conditions.until"


def floats(source: Source) -> Iterator[str]:
    """Find binary fractions in the pure core."""
    if not PURE.match(source.path):
        return
    # Asking whether a value is a float, in order to refuse it, is how floats are kept out.
    refused = {
        kind
        for node in source.nodes
        if isinstance(node, ast.Call) and source.full_name(node.func) == "isinstance"
        for kind in ast.walk(node.args[1])
    }
    for node in source.nodes:
        match node:
            case ast.Name(id="float") if node not in refused:
                yield f"{source.path}:{node.lineno}: float in the pure core: use Decimal"
            case ast.Constant(value=float()):
                yield f"{source.path}:{node.lineno}: float in the pure core: use Decimal"
            case _:
                pass


def excepts(source: Source) -> Iterator[str]:
    """Find handlers that catch more than they mean."""
    if source.path in BROAD_ALLOWED:
        return
    for node in source.nodes:
        if not isinstance(node, ast.ExceptHandler) or _raises_again(node):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(kind is None or source.full_name(kind) in BROAD for kind in caught):
            yield f"{source.path}:{node.lineno}: catch what you mean, not everything"


def twins(source: Source) -> Iterator[str]:
    """Find mock libraries, and tests that are skipped whatever the machine."""
    for node in source.nodes:
        match node:
            case ast.Import(names=aliases):
                imported = {alias.name for alias in aliases}
            case ast.ImportFrom(module=str(module), names=aliases):
                imported = {module, *(f"{module}.{alias.name}" for alias in aliases)}
            case ast.Attribute() if source.full_name(node) == "pytest.mark.skip":
                imported = set()
                if source.path != "tests/conftest.py":
                    yield f"{source.path}:{node.lineno}: skipped without a condition"
            case _:
                continue
        if imported & {"mock", "unittest.mock", "pytest_mock"}:
            yield f"{source.path}:{node.lineno}: no mocks: use a twin that passes the contract suite"


def comments(source: Source) -> Iterator[str]:
    """Find work left undone without an issue, and silenced checkers without a code."""
    for number, line in enumerate(source.lines, start=1):
        if UNDONE.search(line):
            yield f"{source.path}:{number}: work left undone needs the number of its issue"
        if BARE_IGNORE.search(line):
            yield f"{source.path}:{number}: name the code that is ignored, and why"


def _raises_again(node: ast.ExceptHandler) -> bool:
    """Tell whether a handler only cleans up and lets what it caught go on."""
    last = node.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_zero(node: ast.Call) -> bool:
    return len(node.args) == 1 and isinstance(node.args[0], ast.Constant) and not node.args[0].value
