"""A desk whose carry buys spot and can neither hedge nor sell it: it is killed over that, halts, and mends itself."""

from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from opensqt.simulation.server.faults import FaultName
from tests.conditions import until
from tests.e2e.desk import Desk
from tests.e2e.test_carry_basis import ABOVE, BELOW, carry_reason, configured
from tests.e2e.test_faults import set_faults

SPOT = "BTC/USDT"
HALTED = "strategy/carry"
NAKED_S_MAX = 15
BALANCE = 'USDT = "10000"'
# The first order, the buy of spot, passes; whatever follows is refused, on both markets.
REFUSED: dict[str, Any] = {
    "fault": FaultName.ERROR_REFUSED,
    "match": {"kind": "place"},
    "skip": 1,
}
pytestmark = pytest.mark.timeout(400)


def with_a_coin(file: Path) -> Path:
    """Let the account of a configuration hold a coin that is nobody's."""
    text = file.read_text()
    assert BALANCE in text
    file.write_text(text.replace(BALANCE, BALANCE + ', BTC = "1"'))
    return file


async def told(desk: Desk, name: str) -> list[dict[str, Any]]:
    """Return what the journal holds of one type of event."""
    return [one["data"] for one in await desk.verb("events") if one["type"] == name]


async def has_bought(desk: Desk) -> bool:
    """Tell whether one leg stands alone."""
    return [one["symbol"] for one in await desk.verb("fills")] == [SPOT]


async def is_halted(desk: Desk) -> bool:
    """Tell whether the strategy has stopped its openings."""
    return bool(await told(desk, "Halted"))


async def is_flat(desk: Desk) -> bool:
    """Tell whether the last step of the carry is its end."""
    return bool((await told(desk, "SagaStep"))[-1]["step"] == "flat")


@pytest.mark.row("J08", "F05", "F08", "F15")
async def test_a_leg_alone_survives_a_kill_halts_its_strategy_and_is_sold(tmp_path: Path) -> None:
    """Killed with -9 after leg one; no order works for 15 s: it halts and says so. Then it is sold, exactly once."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--config", str(with_a_coin(configured(tmp_path, BELOW)))):
        await desk.command("kill", "--strategy", "carry", "--reason", "not yet")
    async with desk.running("--config", str(with_a_coin(configured(tmp_path, ABOVE)))):
        await set_faults(desk, REFUSED)
        code, out, err = await desk.command("resume", "--strategy", "carry", "--reason", "now")
        assert code == 0, (out, err)
        await until(partial(has_bought, desk), within_s=60, poll_s=0.5)
        await desk.kill_nine("arb")
        await until(partial(is_halted, desk), within_s=90, poll_s=0.5)
        (halt,) = await told(desk, "Halted")
        assert (halt["scope"], halt["mode"]) == (HALTED, "REDUCING")
        assert f"for more than {NAKED_S_MAX}000 ms; look at both legs" in halt["reason"]
        await set_faults(desk)
        await until(partial(is_flat, desk), within_s=60, poll_s=0.5)
        reason = await carry_reason(desk)
        assert reason.startswith("reducing: ")
        assert "`opensqt resume --strategy carry`" in reason
    fills = await desk.verb("fills")
    assert {one["symbol"] for one in fills} == {SPOT}
    bought, sold = (
        sum(Decimal(one["quantity"]) for one in fills if one["side"] == side)
        for side in ("buy", "sell")
    )
    # The account holds a whole coin of its own: what the carry sells is what it has bought.
    assert bought * Decimal("0.99") < sold <= bought
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
