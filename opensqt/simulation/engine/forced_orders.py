"""What a venue trades on an account by itself: liquidation, auto-deleveraging, settlement of a position."""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE, ceil_to
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import EndReason
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import Placement, Status
from opensqt.simulation.engine.settlement import wallet_of

NAMES = {  # how the ids of such orders begin, as at Binance
    EndReason.LIQUIDATED: "autoclose-",
    EndReason.DELEVERAGED: "adl_autoclose-",
    EndReason.SETTLED: "settlement_autoclose-",
}


class ForceClose(msgspec.Struct, frozen=True, kw_only=True, tag="force_close"):
    """A share (0..1] of a position is closed: `why` is liquidated, deleveraged or settled."""

    account: str
    symbol: str
    why: EndReason
    share: Decimal = ONE


def forced_by(client_order_id: str) -> EndReason | None:
    """Return why the venue made an order by itself, as its id says; None for any other order."""
    found = (why for why, name in NAMES.items() if client_order_id.startswith(name))
    return next(found, None)


def force_close(exchange: Exchange, close: ForceClose) -> None:
    """End the account's orders of the symbol, and close the share at the market; raise `LookupError` where it is flat.

    The streams tell it all. The audit has the fills: nobody asked for the order.
    """
    settlement = exchange.settlement
    if close.account not in settlement.accounts or close.symbol not in exchange.rules:
        raise LookupError(f"no {close.symbol!r} of an account {close.account!r}")
    held = wallet_of(settlement, close.account, close.symbol).position(close.symbol).quantity
    if held == 0:
        raise LookupError(f"{close.account} holds no {close.symbol} that could be closed")
    exchange.commit()
    settlement.now_ms = exchange.clock.market_ms()
    for order in list(exchange.open.get((close.account, close.symbol), {}).values()):
        exchange.close(order, Status.EXPIRED, Kind.EXPIRE)
    exchange.tidy(close.symbol)
    step = exchange.rules[close.symbol].quantity_step
    quantity = min(abs(held), ceil_to(EXACT.multiply(abs(held), close.share), step))
    exchange.place(
        Placement(
            account=close.account,
            symbol=close.symbol,
            side=Side.SELL if held > 0 else Side.BUY,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=quantity,
            client_order_id=f"{NAMES[close.why]}{settlement.now_ms}",
            reduce_only=True,
        )
    )
    rows = settlement.changes.audit
    settlement.changes.audit = [row for row in rows if row.kind is not Kind.PLACE]
    exchange.commit()
