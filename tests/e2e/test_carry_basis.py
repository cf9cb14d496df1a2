"""A desk whose spot stands above the perpetual: the carry says so and waits, and enters when the basis has turned."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.conditions import until
from tests.e2e.desk import Desk
from tests.simulation.flow.written import Written

MOVE_MS, MOVES = 200, 900
SPOT, BELOW, ABOVE = 60_000, 59_940, 60_012  # middles, in quote units
pytestmark = pytest.mark.timeout(300)

CONFIG = """
schema = 1
desk = "basis"
[paper]
market = "recorded:{paths}"
speed = "1"
[paper.funding."BTC/USDT:USDT"]
rate = "0.0003"
interval_hours = 8
[venues.binance]
[accounts.main]
venue = "binance"
balances = {{ USDT = "10000" }}
[strategies.carry]
kind = "carry"
account = "main"
spot = "BTC/USDT"
perp = "BTC/USDT:USDT"
entry_apr_min = "0.10"
exit_apr_max = "0.01"
notional_quote_max = "1000"
order_notional_quote = "1000"
"""


def recording(market: str, middle: int, folder: Path) -> Path:
    """Write one leg whose book stands still and trades on both sides."""
    digits = 2 if market == "spot" else 1
    bids, asks = (
        [(f"{Decimal(middle + sign * away):.{digits}f}", "3.00000") for away in range(1, 6)]
        for sign in (-1, 1)
    )
    written = Written(market).delta(0).snapshot(bids, asks)
    for at_ms in range(MOVE_MS, MOVE_MS * MOVES, MOVE_MS):
        # The best level is said again: the book is alive.
        written.delta(at_ms, bids[:1], asks[:1])
        written.trade(at_ms + 20, bids[0][0], "0.1", sell=True)
        written.trade(at_ms + 40, asks[0][0], "0.1")
    return written.save(folder)


def configured(folder: Path, perp: int) -> Path:
    """Write the configuration of the desk with a market whose perpetual stands there."""
    paths = recording("spot", SPOT, folder), recording("usdm", perp, folder)
    file = folder / "opensqt.toml"
    file.write_text(CONFIG.format(paths=",".join(map(str, paths))))
    return file


async def carry_reason(desk: Desk) -> str:
    """Return why the carry does not trade, as its owner is told."""
    lines = await desk.verb("status")
    (carry,) = [one for one in lines if one["type"] == "strategy"]
    return str(carry["reason"])


@pytest.mark.row("F03")
async def test_a_desk_with_spot_above_the_perpetual_waits_until_the_basis_turns(
    tmp_path: Path,
) -> None:
    """Funding pays 33 % a year all the time; nothing is bought at -10 bps, one clip at 2, and the step says by what."""
    desk = Desk(tmp_path / "data")

    async def says_the_basis() -> bool:
        return (await carry_reason(desk)) == (
            "basis -10.3 bps below -1 bps: the perpetual's bid is 59939, the spot's ask 60001"
        )

    async def has_both_legs() -> bool:
        symbols = {one["symbol"] for one in await desk.verb("fills")}
        return symbols == {"BTC/USDT", "BTC/USDT:USDT"}

    async with desk.running("--config", str(configured(tmp_path, BELOW))):
        await until(says_the_basis, within_s=60, poll_s=0.5)
    assert await desk.verb("orders") == []
    assert [one for one in await desk.verb("events") if one["type"] == "SagaStep"] == []
    async with desk.running("--config", str(configured(tmp_path, ABOVE))):
        await until(has_both_legs, within_s=60, poll_s=0.5)
    steps = [one["data"] for one in await desk.verb("events") if one["type"] == "SagaStep"]
    seen = steps[0]["outlook"]
    assert (steps[0]["step"], seen["perp_bid"], seen["spot_ask"]) == (
        "entering",
        "60011",
        "60001",
    )
    assert (seen["basis_bps"], seen["fees_bps"]) == ("1.6666", "30.0000")
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines
