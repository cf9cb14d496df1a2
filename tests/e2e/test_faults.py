"""A venue that fails in every way it can, under the shipped system; the venue's audit and `verify` are the judges."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from opensqt.runtime.token import read_token
from opensqt.simulation.server.faults import FaultName
from opensqt.venues.session import paper_session
from tests.conditions import until
from tests.e2e import audit, load
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

PAGE = "https://venue.admin/admin/faults"
LOST_MS = 3000  # later than the executor waits
FAULTS: tuple[dict[str, Any], ...] = (
    {"fault": FaultName.LOST_ACK, "match": {"kind": "place"}, "probability": 0.1},
    {"fault": FaultName.LOST_REQUEST, "match": {"kind": "place"}, "probability": 0.1},
    {"fault": FaultName.LATE_ACK, "match": {"kind": "place"}, "ms": LOST_MS, "count": 3},
    {"fault": FaultName.ERROR_REFUSED, "match": {"kind": "place"}, "count": 3, "skip": 5},
    {"fault": FaultName.LIMITED, "match": {"kind": "place"}, "count": 2, "skip": 9},
    {"fault": FaultName.LOST_ACK, "match": {"kind": "cancel"}, "probability": 0.2},
    {"fault": FaultName.DUPLICATE_FRAME, "match": {"kind": "private"}, "probability": 0.2},
    {"fault": FaultName.DROPPED_FRAME, "match": {"kind": "private"}, "probability": 0.1},
    {"fault": FaultName.REORDERED_FRAME, "match": {"kind": "private"}, "probability": 0.1},
    {"fault": FaultName.DISCONNECT, "match": {"kind": "private"}, "count": 1},
)
pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def admin_page(desk: Desk) -> AsyncIterator[aiohttp.ClientSession]:
    """Reach the venue of a running desk."""
    context = ssl.create_default_context(cafile=str(desk.data / "ca" / "ca.pem"))
    async with paper_session("127.0.0.1", desk.run_file.ports["venue"], context) as session:
        session.headers.update({"Authorization": f"Bearer {read_token(desk.data)}"})
        yield session


async def set_faults(desk: Desk, *rules: dict[str, Any]) -> None:
    """Replace what the venue does wrong."""
    async with admin_page(desk) as session:
        answer = await session.post(PAGE, json={"rules": list(rules), "seed": 1})
        assert answer.status == 200, await answer.text()


async def never_met(desk: Desk) -> list[str]:
    """Name the faults that have not happened; streams are cut when the script is loaded."""
    async with admin_page(desk) as session:
        answer = await session.get(PAGE)
        found = [(each["rule"]["fault"], each["met"]) for each in (await answer.json())["faults"]]
    return [name for name, count in found if count == 0 and name != FaultName.DISCONNECT]


@pytest.mark.row("H09", "C06", "C05")
async def test_a_venue_that_fails_in_every_way_costs_no_order(tmp_path: Path) -> None:
    """Lost and late answers, refusals, limits, broken streams: nothing is doubled, lost, or left in doubt."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        await set_faults(desk, *FAULTS)
        await load.main(desk.data, Plan(rate=6, seconds=20))
        assert await never_met(desk) == []
        await set_faults(desk)
        await until(partial(_resolved, desk), within_s=60)
    assert audit.doubled(desk.data) == []
    assert audit.open_orders(desk.data) == set()
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


async def _resolved(desk: Desk) -> bool:
    return bool((await desk.verb("status"))[-1]["orders_unresolved"] == 0)
