"""A grid whose position the venue closed by itself."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.strategies.grid import slots
from tests.simulation.grid_rig import long_of, rig_of, slot


@pytest.mark.row("J19")
def test_what_the_venue_closed_leaves_its_level_at_the_price_of_the_trade() -> None:
    """No level holds what is gone, the loss is the grid's, and heard twice it changes nothing."""
    rig = rig_of(long_of())
    rig.accept_all()
    bought = rig.fill(rig.cid_at("44990"))
    assert slot(rig, -1).position.quantity == bought.quantity
    ref = msgspec.structs.replace(bought.ref, client_order_id="", intent_id="", attempt=0)
    taken = msgspec.structs.replace(
        bought, ref=ref, trade_id="forced", side=Side.SELL, price=bought.price - 90
    )
    for _ in range(2):
        rig.feed(taken)
        assert slot(rig, -1).position.quantity == 0
        held = slots.total(rig.state.books)
        assert (held.quantity, held.cost) == (Decimal(0), Decimal(0))
        assert held.realized_pnl == -90 * bought.quantity
    assert Decimal(0) == slots.quantity(rig.state.books)
