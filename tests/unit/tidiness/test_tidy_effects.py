"""Nothing reaches the outside but adapters, and where orders are at stake every adapter lies between named steps."""

import pytest

from tests.crash import steps
from tests.tidiness import effects
from tests.tidiness.source import Source, sources
from tests.tidiness.steps import PAGE, current_page

SERVICE = "services/risk/service.py"


@pytest.mark.row("J01")
def test_an_effect_outside_a_port_is_found_in_no_file() -> None:
    """Services and runtime reach bus, journal, venue, files and sockets through the listed adapters alone."""
    assert [finding for source in sources() for finding in effects.effects(source)] == []


@pytest.mark.row("J01")
def test_every_adapter_of_an_orders_path_lies_between_steps() -> None:
    """What executor, risk and relay make of adapters goes through `stepped` before anybody uses it."""
    assert [finding for source in sources() for finding in effects.unwrapped(source)] == []


@pytest.mark.row("J01")
@pytest.mark.parametrize("service", effects.STEPPED)
def test_the_enumeration_of_steps_has_every_port_that_is_wrapped(service: str) -> None:
    """A port that the wiring wraps and the crash matrix does not know would be killed at no step."""
    named = {port.__name__ for port in steps.PORTS[service]}  # type: ignore[attr-defined]  # protocols are classes
    assert named == effects.ports(sources(), service)


def test_the_page_of_steps_is_current() -> None:
    """docs/steps.md is what `make rows` would write now."""
    assert PAGE.read_text(encoding="utf-8") == current_page()


@pytest.mark.parametrize(
    "text",
    [
        "import nats",
        "import asyncpg",
        "from ccxt.base import errors",
        "import aiohttp",
        "from nats.aio.client import Client as C",
        "import socket\nsocket.create_connection(a)",
        "from socket import create_connection as c\nc(a)",
        "open(path)",
        "import os\nos.remove(path)",
        "from os import replace as r\nr(a, b)",
        "import asyncio\nasyncio.open_connection(a, 1)",
        "import asyncio\nasyncio.create_subprocess_exec(a)",
        "import asyncio\nasyncio.to_thread(f)",
        "def f(p: Path): p.write_text('x')",
        "def f(loop): loop.run_in_executor(None, g)",
        "import importlib\nimportlib.import_module('nats')",
        "__import__('nats')",
        "def f():\n    import sqlite3",
    ],
)
def test_an_effect_outside_a_port_is_found(text: str) -> None:
    """However it is imported, renamed or hidden in a function."""
    assert list(effects.effects(Source(SERVICE, text)))
    assert list(effects.effects(Source("opensqt/runtime/waiting.py", text)))


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.getpid()",
        "import socket\nsocket.gethostname()",
        "def f(socket): socket.send(b'x')",
        "import asyncio\nasyncio.create_task(f())",
        "async def f(bus): await bus.publish(a, b, c)",
    ],
)
def test_what_is_no_effect_is_left_alone(text: str) -> None:
    """Asking for a process id, a variable of a module's name, a call of a port."""
    assert list(effects.effects(Source(SERVICE, text))) == []


def test_an_adapter_that_reaches_nothing_is_found() -> None:
    """The list of adapters holds no file that needs no exception."""
    assert list(effects.effects(Source("opensqt/runtime/latch.py", "x = 1")))


MADE = "from opensqt.venues.opening import open_venue\nfrom opensqt.runtime.crash_points import stepped\n"


@pytest.mark.parametrize(
    "text, findings",
    [
        ("run(open_venue(c))", 1),
        ("v = open_venue(c)\nrun(v)", 1),
        ("v = open_venue(c)\nrun(stepped(v, Venue, s))\nrun(v)", 1),
        ("v = open_venue(c)\nrun(stepped(v, Venue, s))", 0),
        ("v: Venue = open_venue(c)\nrun(stepped(v, Venue, s))", 0),
        ("run(stepped(open_venue(c), Venue, s))", 0),
    ],
)
def test_an_adapter_without_steps_is_found(text: str, findings: int) -> None:
    """Used as it was made, or beside its wrapped self: both are effects between no steps."""
    source = Source("services/executor/config.py", MADE + text)
    assert len(list(effects.unwrapped(source))) == findings
