"""kill -9 of every process in turn, under load: it recovers by itself, and the venue's audit is the judge."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e import audit, load
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

ROWS_AFTER = 5  # the venue must hear of us again so often
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
                rows_before = len(audit.rows(desk.data))
                await desk.kill_nine(name)
                await until(partial(_goes_on, desk, rows_before), within_s=60)
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        await until(partial(_resolved, desk), within_s=30)
    assert audit.doubled(desk.data) == []
    assert audit.open_orders(desk.data) == set()
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


def _goes_on(desk: Desk, rows_before: int) -> bool:
    return len(audit.rows(desk.data)) > rows_before + ROWS_AFTER


async def _resolved(desk: Desk) -> bool:
    return bool((await desk.verb("status"))[-1]["orders_unresolved"] == 0)
