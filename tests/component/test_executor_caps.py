"""The executor's own caps against forged approvals: no flag and no market switches them off, every exit passes."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, PlaceIntent, TimeInForce
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.verdict import RiskApproved
from opensqt.execution.caps import Caps
from tests.component.rig import PERP, SYMBOL, Rig
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.faults import Fault
from tests.support.venue.venue import FaultyVenue

SPOT = "BTC/USDT"
MARKET: dict[str, Any] = {
    "type": OrderType.MARKET,
    "price": Decimal(0),
    "time_in_force": TimeInForce.IOC,
}
TAKING: dict[str, Any] = {"price": Decimal("50100.0"), "time_in_force": TimeInForce.IOC}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk on both markets, with two bitcoin that nobody's order has bought."""
    rig = Rig(tmp_path)
    spot = msgspec.structs.replace(PERP, symbol=SPOT, market=Market.SPOT)
    rig.exchange = RiggedExchange(
        clock=rig.clock,
        rules=(PERP, spot),
        balances={"USDT": Decimal(1_000_000), "BTC": Decimal(2)},
    )
    for symbol in (SPOT, SYMBOL):
        rig.exchange.trade(symbol, Decimal(50_000))
    rig.venue = FaultyVenue(rig.exchange)
    rig.symbols = (SPOT, SYMBOL)
    rig.caps = Caps(orders_max=4, order_notional_max=Decimal(4000), notional_max=Decimal(10_000))
    return rig


async def _send(rig: Rig, intent: PlaceIntent, *, reduce_only: bool = False) -> OrderStatus:
    """Let an approval of an intent come, and return where its order stands then."""
    await rig.approve(intent, is_exit=True, reduce_only=reduce_only)
    await rig.clock.run_for(0.5)
    orders = rig.orders().values()
    return next(o.phase for o in orders if o.placed and o.placed.ref.intent_id == intent.intent_id)


async def _bought(rig: Rig, symbol: str, parts: int, strategy: str = "grid-perp") -> None:
    """Buy `parts` times 0.05 BTC for a strategy."""
    for part in range(parts):
        number = 1000 + len(rig.store.rows) + part
        buy = rig.place(
            number, symbol=symbol, quantity=Decimal("0.050"), strategy=strategy, **TAKING
        )
        assert await _send(rig, buy) is OrderStatus.FILLED


def _reason(rig: Rig, number: int) -> str:
    end = rig.order_of(number).expired
    return end.reason if end is not None else ""


@pytest.mark.row("K02")
@pytest.mark.parametrize("kind", [MARKET, TAKING | {"price": Decimal("49900.0")}])
@pytest.mark.parametrize("reduce_only", [True, False])
async def test_no_flag_switches_the_caps_off_on_spot(
    rig: Rig, kind: dict[str, Any], reduce_only: bool
) -> None:
    """A spot venue takes no reduce-only flag: a forged sell of what we never bought ends with a recorded reason."""
    async with rig.running(rig.executor()):
        await _bought(rig, SPOT, 1)
        sent = len(rig.venue.sent)
        sell = rig.place(1, symbol=SPOT, side=Side.SELL, quantity=Decimal("1.000"), **kind)
        assert await _send(rig, sell, reduce_only=reduce_only) is OrderStatus.EXPIRED
        assert _reason(rig, 1).startswith("executor cap: order of ")
        assert len(rig.venue.sent) == sent
        kept = [fact for fact in rig.facts() if isinstance(fact, RiskApproved)]
        assert kept[-1].intent_id == "intent-1", "what was approved is on record beside its end"


@pytest.mark.row("K02")
async def test_a_spot_flag_is_neither_sent_nor_recorded(rig: Rig) -> None:
    """What the venue does not enforce is not called reduce-only anywhere."""
    async with rig.running(rig.executor()):
        await _bought(rig, SPOT, 1)
        sell = rig.place(1, symbol=SPOT, side=Side.SELL, price=Decimal("51000.0"))
        assert await _send(rig, sell, reduce_only=True) is OrderStatus.LIVE
        placed = rig.order_of(1).placed
        assert placed is not None
        assert placed.reduce_only is False
        assert rig.exchange.orders[-1].reduce_only is False


@pytest.mark.row("K02")
@pytest.mark.parametrize("symbol", [SPOT, SYMBOL])
@pytest.mark.parametrize("side", list(Side))
async def test_small_orders_add_up_to_the_cap_on_every_market(
    rig: Rig, symbol: str, side: Side
) -> None:
    """Many orders below the cap of one order are bounded by the worst case of all that may still fill."""
    rig.caps = msgspec.structs.replace(rig.caps, orders_max=50)
    price = Decimal(50_000) - side.sign * 1000
    async with rig.running(rig.executor()):
        ends = [
            await _send(
                rig,
                rig.place(n, symbol=symbol, side=side, price=price, quantity=Decimal("0.050")),
                reduce_only=symbol == SPOT,
            )
            for n in range(1, 7)
        ]
        taken = ends.count(OrderStatus.LIVE)
        assert taken * Decimal("0.050") * price <= Decimal(10_000)
        assert taken in (3, 4)
        assert "executor cap: worst case" in _reason(rig, 6)


@pytest.mark.row("K02")
async def test_what_is_in_doubt_counts_on_spot(rig: Rig) -> None:
    """Submitting and Unresolved orders may fill: they stand in the worst case like open ones."""
    async with rig.running(rig.executor()):
        await _bought(rig, SPOT, 1)
        rig.venue.faults.set("place", *[Fault.LOST_REQUEST] * 2)
        half = {"symbol": SPOT, "price": Decimal("49000.0"), "quantity": Decimal("0.070")}
        for number in (1, 2):
            assert await _send(rig, rig.place(number, **half)) is OrderStatus.UNRESOLVED
        assert await _send(rig, rig.place(3, **half), reduce_only=True) is OrderStatus.EXPIRED
        assert "worst case" in _reason(rig, 3)


@pytest.mark.row("K02")
async def test_one_order_has_a_cap_of_its_own(rig: Rig) -> None:
    """An opening above the order cap is not sent whatever approves it; at the cap it is."""
    async with rig.running(rig.executor()):
        at, above = (
            {"price": Decimal("40000.0"), "quantity": Decimal(q)} for q in ("0.1", "0.101")
        )
        assert await _send(rig, rig.place(1, **at)) is OrderStatus.LIVE
        assert await _send(rig, rig.place(2, **above)) is OrderStatus.EXPIRED
        assert _reason(rig, 2) == "executor cap: order of 4040.0000 above 4000 USDT"


async def test_a_low_limit_does_not_make_a_sell_small(rig: Rig) -> None:
    """A sell limit far below the market trades at the market: it is weighed at the newest price that is known."""
    async with rig.running(rig.executor()):
        await _bought(rig, SPOT, 1)
        low = TAKING | {"price": Decimal("3000.0"), "quantity": Decimal("1.000")}
        sell = rig.place(1, symbol=SPOT, side=Side.SELL, **low)
        assert await _send(rig, sell, reduce_only=True) is OrderStatus.EXPIRED


@pytest.mark.row("K02")
async def test_a_spot_exit_of_what_was_bought_is_never_capped(rig: Rig) -> None:
    """Far above the caps, with no room for another order: what our fills bought may be sold, and not a step more."""
    async with rig.running(rig.executor()):
        await _bought(rig, SPOT, 3)
        for number in (1, 2, 3, 4):
            low = {"symbol": SPOT, "price": Decimal("30000.0")}
            assert await _send(rig, rig.place(number, **low)) is OrderStatus.LIVE
        more = rig.place(5, symbol=SPOT, side=Side.SELL, quantity=Decimal("0.151"), **MARKET)
        assert await _send(rig, more, reduce_only=True) is OrderStatus.EXPIRED
        whole = rig.place(6, symbol=SPOT, side=Side.SELL, quantity=Decimal("0.150"), **MARKET)
        assert await _send(rig, whole) is OrderStatus.FILLED


@pytest.mark.row("K02")
async def test_what_the_venue_lets_only_reduce_is_never_capped(rig: Rig) -> None:
    """On a perpetual the flag that leaves with the order is the venue's promise: larger than the order cap it goes."""
    async with rig.running(rig.executor()):
        await _bought(rig, SYMBOL, 3)
        close = rig.place(1, side=Side.SELL, quantity=Decimal("0.150"), **MARKET)
        assert await _send(rig, close, reduce_only=True) is OrderStatus.FILLED
        assert rig.exchange.orders[-1].reduce_only is True


async def test_a_strategy_leaves_its_position_also_where_another_nets_it(rig: Rig) -> None:
    """One is long and one short: the net is nothing, and still each may close what its own fills made, no more."""
    async with rig.running(rig.executor()):
        await _bought(rig, SYMBOL, 2, strategy="carry")
        for number in (1, 2):
            sell = rig.place(
                number,
                side=Side.SELL,
                quantity=Decimal("0.050"),
                strategy="grid-perp",
                **TAKING | {"price": Decimal("49900.0")},
            )
            assert await _send(rig, sell) is OrderStatus.FILLED
        close = {"side": Side.SELL, "strategy": "carry", **MARKET}
        assert (
            await _send(rig, rig.place(3, quantity=Decimal("0.101"), **close))
            is OrderStatus.EXPIRED
        )
        assert (
            await _send(rig, rig.place(4, quantity=Decimal("0.100"), **close)) is OrderStatus.FILLED
        )
        assert (
            await _send(rig, rig.place(5, quantity=Decimal("0.100"), **close))
            is OrderStatus.EXPIRED
        )


async def test_what_takes_off_the_net_passes_whoever_made_it(rig: Rig) -> None:
    """The account holds more than the order cap: whoever takes it off without a flag is not stopped."""
    async with rig.running(rig.executor()):
        await _bought(rig, SYMBOL, 3, strategy="carry")
        close = rig.place(
            1, side=Side.SELL, strategy="grid-perp", quantity=Decimal("0.150"), **MARKET
        )
        assert await _send(rig, close) is OrderStatus.FILLED


@pytest.mark.row("K02")
@pytest.mark.parametrize("symbol", [SPOT, SYMBOL])
async def test_the_flag_itself_is_no_proof_on_any_market(rig: Rig, symbol: str) -> None:
    """Where nothing is held nothing can be reduced: an order above the cap ends here, before the venue."""
    async with rig.running(rig.executor()):
        sell = rig.place(1, symbol=symbol, side=Side.SELL, quantity=Decimal(1))
        assert await _send(rig, sell, reduce_only=True) is OrderStatus.EXPIRED
        assert _reason(rig, 1) == "executor cap: order of 49900.0 above 4000 USDT"
        assert rig.venue.sent == []


@pytest.mark.row("K02")
async def test_what_the_venue_caps_itself_may_wait_behind_others(rig: Rig) -> None:
    """Two closes of one perpetual, each of all that is held: the venue lets only one fill, and both may leave."""
    async with rig.running(rig.executor()):
        await _bought(rig, SYMBOL, 3)
        far = {"side": Side.SELL, "quantity": Decimal("0.150"), "price": Decimal("51000.0")}
        for number in (1, 2):
            close = rig.place(number, **far)
            assert await _send(rig, close, reduce_only=True) is OrderStatus.LIVE
