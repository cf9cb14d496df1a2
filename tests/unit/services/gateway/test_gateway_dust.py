"""The page where a venue takes its fee of what is bought."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.strategy_events import AnchorSet
from services.gateway.decide import DeskStatus
from services.gateway.state import Chart, GatewayState
from services.gateway.view_model import picture
from tests import scenes
from tests.simulation.strategy_facts import SPOT, rules_of

NOW_MS = 1_700_000_040_000
TOLD = DeskStatus(
    desk="paper",
    profile="paper",
    places=(("binance", SPOT),),
    kinds={"grid": "grid"},
    keys={"grid": f"binance|{SPOT}"},
    market_ms=NOW_MS,
    wall_ms=NOW_MS,
    live=True,
)


@pytest.mark.row("K06", "H04")
def test_what_a_fee_in_base_leaves_is_named_dust() -> None:
    """The position is what was received, and what no order can sell of it is said beside it and on its level."""
    ref = scenes.reference("grid", SPOT, "a")
    bought = scenes.filled(ref, Side.BUY, Decimal(60_000), NOW_MS, Decimal("0.0105"))
    bought = msgspec.structs.replace(bought, fee=Decimal("0.00001"), fee_asset="BTC")
    state = GatewayState()
    state.fold(scenes.last_tick(SPOT, NOW_MS), 0)
    orders = scenes.placed(ref, "g-1", Side.BUY, Decimal(60_000), NOW_MS)
    for position, message in enumerate((*orders, bought), start=1):
        state.fold(message, position)
    assert picture(state, Chart(), TOLD)["positions"][0]["dust"] is None
    state.fold(rules_of(SPOT), 0)
    (row,) = picture(state, Chart(), TOLD)["positions"]
    assert (row["quantity"], row["dust"]) == ("0.01049", "0.00049")
    sold = msgspec.structs.replace(bought, trade_id="s", side=Side.SELL, quantity=Decimal("0.010"))
    state.fold(msgspec.structs.replace(sold, fee_asset="USDT"), 9)
    state.fold(
        AnchorSet(
            strategy="grid",
            symbol=SPOT,
            anchor_price=Decimal(60_000),
            step_price=Decimal(10),
            reason="",
            time_ms=NOW_MS,
        ),
        10,
    )
    (slot,) = picture(state, Chart(), TOLD)["grids"][0]["slots"]
    assert (slot["state"], slot["held"]) == ("dust", "0.00049")
