"""The cleaner on a shipped desk: a limit is lowered while it trades, and the venue holds that many openings at most."""

from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e.desk import Desk

pytestmark = pytest.mark.timeout(240)
ALLOWED = 6


@pytest.mark.row("E15")
async def test_openings_beyond_a_lowered_limit_leave_the_venue(tmp_path: Path) -> None:
    """By recorded cancels with the reason, judged by risk; strategies do not bring them back."""
    desk = Desk(tmp_path / "data")

    async def open_orders() -> int:
        return int((await desk.verb("status"))[-1]["orders_open"])

    async def many() -> bool:
        return await open_orders() > ALLOWED + 4

    async def few() -> bool:
        return await open_orders() <= ALLOWED

    async with desk.running("--market", "synthetic:7"):
        await until(many, within_s=60)
        command = ("limits", "set", "open_orders_max", str(ALLOWED), "--reason", "calm")
        assert (await desk.command(*command))[0] == 0
        await until(few, within_s=60)
    asked = await desk.verb("events", "--type", "CancelRequested")
    cleaned = {
        one["data"]["cancel_intent_id"]: one["data"]["reason"]
        for one in asked
        if one["data"]["reason"].startswith("cleaned: ")
    }
    assert cleaned
    assert all(reason.endswith(f"open, allowed {ALLOWED}") for reason in cleaned.values())
    approved = await desk.verb("events", "--type", "RiskApproved")
    assert cleaned.keys() <= {one["data"]["intent_id"] for one in approved}
    assert (await desk.verb("verify"))[-1]["holds"]
