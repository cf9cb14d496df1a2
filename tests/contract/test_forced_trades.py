"""Why the venue made an order by itself: every venue answers, and Binance says it, over the wire as in this process."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import EndReason
from opensqt.simulation.engine.forced_orders import ForceClose, force_close
from opensqt.simulation.venue import SimulatedVenue
from tests.contract.venues import ALL, PERP, TAKEN, open_house


@pytest.mark.row("J19")
@pytest.mark.parametrize("kind", ALL)
async def test_a_venue_tells_the_order_that_it_made_from_ours(kind: str, tmp_path: Path) -> None:
    """Asked by the id that its trade names; ours is none of its own."""
    house = await open_house(kind, tmp_path)
    try:
        since_ms = house.clock.market_ms() - 1000
        taken = await house.venue.place(house.request("qone", price="60001"))
        assert isinstance(taken, TAKEN)
        if house.real is not None:
            exchange = house.real.exchange
        else:
            assert isinstance(house.venue, SimulatedVenue)
            exchange = house.venue.exchange
        assert exchange.rules[PERP].market is Market.PERP
        force_close(
            exchange,
            ForceClose(account="main", symbol=PERP, why=EndReason.SETTLED, share=Decimal("0.5")),
        )
        trades = await house.venue.trades(PERP, after="", since_ms=since_ms)
        found = [await house.venue.forced_by(PERP, one.venue_order_id) for one in trades]
        theirs = EndReason.SETTLED if kind.endswith("binance") else None
        assert found == [None, theirs]
    finally:
        await house.close()
