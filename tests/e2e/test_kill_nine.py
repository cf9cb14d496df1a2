"""kill -9 of every process in turn, under load: it recovers by itself, and the venue's audit is the judge."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.e2e import load
from tests.e2e.desk import Desk, exactly_once
from tests.e2e.load import Plan

CALM_S = 2.0
pytestmark = pytest.mark.timeout(400)


@pytest.mark.row("J01")
@pytest.mark.row("A07")
async def test_every_process_may_die_at_any_time(tmp_path: Path) -> None:
    """Each process is killed once while intents flow; every one returns, nothing is doubled, lost or left open."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        loading = asyncio.create_task(load.main(desk.data, Plan(rate=10, seconds=300)))
        try:
            for name in desk.processes:
                placed = len(desk.audit())
                await desk.kill_nine(name)
                await desk.eventually(partial(_trades_on, desk, placed))
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        status = await desk.eventually(lambda: _quiet(desk), within_s=30)
        assert status["orders_unresolved"] == 0
    assert exactly_once(desk.audit()) == []
    assert desk.open_at_venue() == set()
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


def _trades_on(desk: Desk, rows_before: int) -> bool:
    return len(desk.audit()) > rows_before + 5


async def _quiet(desk: Desk) -> dict[str, object] | None:
    await asyncio.sleep(CALM_S)
    last = (await desk.verb("status"))[-1]
    return last if last["orders_unresolved"] == 0 else None
