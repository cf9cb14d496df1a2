"""The style of the project is a test: sizes, names, purity, and nothing of one machine in any file."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath

import pytest

from tests.tidiness import purity, shape, unions
from tests.tidiness.source import ROOT, Source, sources, tracked

Rule = Callable[[Source], Iterator[str]]
RULES: tuple[Rule, ...] = (
    shape.sizes,
    shape.names,
    shape.docstrings,
    shape.units,
    purity.calls,
    purity.floats,
    purity.excepts,
    purity.twins,
    purity.comments,
    unions.closed,
    unions.typed,
)
TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".sql",
    ".proto",
    ".html",
    ".js",
    ".css",
    ".txt",
    ".in",
    "",
}
# Spelt in pieces, so that this file does not find itself.
MACHINE = re.compile("/" + r"(root|work|home/[a-z]+|Users)/")
REGISTRY = re.compile(
    r"py" + r"pi\.org|python" + r"hosted|npm" + r"js\.(org|com)|--(extra-)?" + "index-url"
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_file_keeps_the_rule(rule: Rule) -> None:
    """No file in git breaks the rule."""
    assert [finding for source in sources() for finding in rule(source)] == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    """No text in git holds a path of one machine or the address of a package registry."""
    found = [
        f"{path}: {match.group()}"
        for path in tracked()
        if PurePosixPath(path).suffix in TEXTS
        for pattern in (MACHINE, REGISTRY)
        for match in pattern.finditer((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert found == []


FOLD = "def fold(event: Event) -> None:\n    match event:\n        case Tick():\n            pass\n"

BROKEN: tuple[tuple[Rule, str, str], ...] = (
    (shape.sizes, "opensqt/long.py", "x = 1\n" * 301),
    (shape.sizes, "opensqt/long.py", "def f() -> None:\n" + "    x = 1\n" * 50),
    (
        shape.sizes,
        "opensqt/wide.py",
        "class C:\n" + "".join(f" def m{i}(self): ...\n" for i in range(13)),
    ),
    (shape.names, "opensqt/order_utils.py", ""),
    (shape.docstrings, "opensqt/bare.py", "x = 1"),
    (shape.docstrings, "tests/unit/test_x.py", '"""Doc."""\ndef test_x(): ...'),
    (shape.docstrings, "tests/unit/test_x.py", '"""Doc."""\nclass TestX: ...'),
    (shape.units, "opensqt/x.py", "def f(timeout: int) -> None: ..."),
    (shape.units, "opensqt/x.py", "class C:\n  spread_max: Decimal"),
    (purity.calls, "opensqt/domain/x.py", "import time\ntime.time()"),
    (purity.calls, "opensqt/domain/x.py", "from time import time as t\nt()"),
    (purity.calls, "opensqt/runtime/x.py", "import datetime as d\nd.datetime.now(d.UTC)"),
    (purity.calls, "opensqt/simulation/x.py", "import random\nrandom.choice([1])"),
    (purity.calls, "opensqt/simulation/x.py", "import random\nrandom.Random()"),
    (purity.calls, "tests/unit/test_x.py", "import asyncio\nasyncio.sleep(0.1)"),
    (purity.floats, "opensqt/strategies/grid/decide.py", "x = 0.5"),
    (purity.floats, "opensqt/domain/x.py", "def f(x: float) -> None: ..."),
    (purity.excepts, "services/grid/service.py", "try: ...\nexcept Exception: ..."),
    (purity.excepts, "services/grid/service.py", "try: ...\nexcept (OSError, Exception): ..."),
    (purity.excepts, "services/grid/service.py", "try: ...\nexcept: ..."),
    (purity.twins, "tests/unit/test_x.py", "from unittest import mock"),
    (purity.twins, "tests/unit/test_x.py", "import pytest\n@pytest.mark.skip\ndef test_x(): ..."),
    (purity.comments, "opensqt/x.py", "x = 1  # TO" + "DO later"),
    (purity.comments, "opensqt/x.py", "x = 1  # type" + ": ignore"),
    (unions.closed, "opensqt/risk/x.py", f"{FOLD}        case _:\n            return"),
    (unions.typed, "opensqt/risk/x.py", "x = get" + "attr(message, 'ref', None)"),
    (unions.typed, "opensqt/risk/x.py", "x = event.ref  # type" + ": ignore[attr-defined]"),
)


@pytest.mark.parametrize("rule, path, text", BROKEN)
def test_every_rule_bites(rule: Rule, path: str, text: str) -> None:
    """A source that breaks the rule is found."""
    assert list(rule(Source(path, text)))


def test_a_class_name_stands_once_in_the_product() -> None:
    """Who reads a name in a log, a test or a picture finds one class of it."""
    places: dict[str, list[str]] = {}
    for source in sources():
        if source.path.startswith(("opensqt/", "services/")):
            for node in source.nodes:
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(source.path)
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
