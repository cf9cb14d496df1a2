"""Limits of a shipped desk, changed while it trades: shown, obeyed at once, and still so after a restart."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e.desk import Desk, Line

pytestmark = pytest.mark.timeout(240)


async def _limit(desk: Desk, name: str) -> Line:
    return next(line for line in await desk.verb("limits") if line["field"] == name)


async def _refused(desk: Desk) -> int:
    lines = await desk.verb("events", "--type", "RiskRefused")
    return sum(line["data"]["reason"] == "order_notional" for line in lines)


def _more_than(desk: Desk, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return await _refused(desk) > count

    return holds


@pytest.mark.row("G02", "E09", "I19")
async def test_a_limit_is_changed_by_a_person_and_stays_so(tmp_path: Path) -> None:
    """`limits set` on a running desk, seen in `limits`, `status` and `events`, running and stopped."""
    desk = Desk(tmp_path / "data")
    name = "order_notional_quote_max"
    async with desk.running("--market", "synthetic:7"):
        assert (await _limit(desk, name))["value"] == "2000"
        assert await _refused(desk) == 0
        code, _, said = await desk.command("limits", "set", name, "100")
        assert (code, "--reason" in said) == (2, True)
        code, said, _ = await desk.command("limits", "set", name, "100", "--reason", "news")
        assert (code, said) == (0, f"{name} 2000 -> 100, from the next order on\n")
        # The default strategies want orders of more than that.
        await until(_more_than(desk, 0), within_s=60)
        assert (await desk.verb("status"))[-1]["limits_changed"] == {name: "100"}
        code, _, said = await desk.command("limits", "set", "currency", "EUR", "--reason", "x")
        assert (code, "risk.currency cannot be changed" in said) == (2, True)
    (event,) = await desk.verb("events", "--type", "LimitChanged")
    data = event["data"]
    assert (data["before"], data["after"], data["reason"]) == ("2000", "100", "news")
    stopped = await _limit(desk, name)
    assert (stopped["value"], stopped["configured"], stopped["reason"]) == ("100", "2000", "news")
    code, _, said = await desk.command("limits", "set", name, "200", "--reason", "x")
    assert (code, "opensqt up" in said) == (3, True)
    async with desk.running():
        assert (await desk.verb("status"))[-1]["limits_changed"] == {name: "100"}
        await until(_more_than(desk, await _refused(desk)), within_s=60)
