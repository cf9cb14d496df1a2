"""Orders of our form that the journal does not know."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain import ids
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import (
    OrderRequest,
)
from opensqt.simulation.engine.orders import Status
from tests.component.rig import SYMBOL, Rig


@pytest.mark.row("E12")
async def test_an_orphan_of_our_form_is_adopted_and_never_cancelled_blindly(rig: Rig) -> None:
    """Ours by its id, open at the venue, unknown to the journal: after a grace it counts, fills, and a kill ends it."""
    name = ids.client_order_id(
        generation="lost", account="main", strategy="grid-perp", slot="b1", cycle=1, attempt=1
    )
    now_ms = rig.clock.market_ms()
    request = request_of_stranger(rig, name, now_ms)
    rig.exchange.take(request)
    rig.exchange.take(msgspec.structs.replace(request, client_order_id="web-1"))
    async with rig.running(rig.executor()) as executor:
        assert executor.status()["orders_open"] == 0, "one look is no reason"
        await rig.clock.run_for(11)
        assert executor.status()["orders_open"] == 1
        order = rig.orders()[name]
        assert order.phase is OrderStatus.LIVE
        assert order.placed is not None
        assert (order.placed.ref.strategy, order.quantity) == ("", request.quantity)
        rig.exchange.trade(SYMBOL, request.price, Decimal("0.004"))
        await rig.clock.run_for(6)
        assert rig.orders()[name].filled == Decimal("0.004")
        assert all(order.is_open for order in rig.exchange.orders)
        await executor.kill.kill("desk", "drill", "alice")
        await rig.clock.run_for(5)
        assert rig.orders()[name].phase is OrderStatus.CANCELED
        endings = {o.client_order_id: o.status for o in rig.exchange.orders}
        assert endings == {name: Status.CANCELED, "web-1": Status.NEW}


@pytest.mark.row("E12")
async def test_an_orphan_is_adopted_also_after_a_trade_of_it_was_booked(rig: Rig) -> None:
    """A trade that was read before its order was known stands first in the order's stream, and bars nothing."""
    name = ids.client_order_id(
        generation="lost", account="main", strategy="grid-perp", slot="b1", cycle=1, attempt=1
    )
    request = request_of_stranger(rig, name, rig.clock.market_ms())
    rig.exchange.take(request)
    async with rig.running(rig.executor()) as executor:
        rig.exchange.trade(SYMBOL, request.price, Decimal("0.004"))
        await rig.clock.run_for(11)
        assert executor.status()["orders_open"] == 1
        order = rig.orders()[name]
        assert order.placed is not None
        assert (order.phase, order.filled) == (OrderStatus.PARTIALLY_FILLED, Decimal("0.004"))


def request_of_stranger(rig: Rig, name: str, now_ms: int) -> OrderRequest:
    """Return an order that some other process sends."""
    intent = rig.place()
    return OrderRequest(
        client_order_id=name,
        symbol=SYMBOL,
        side=intent.side,
        type=intent.type,
        time_in_force=intent.time_in_force,
        price=intent.price,
        quantity=intent.quantity,
        reduce_only=False,
        signed_ms=now_ms,
        deadline_ms=now_ms + 2000,
    )
