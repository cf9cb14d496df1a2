"""How a strategy leaves the desk: it cancels what rests, closes what it holds, and says so once nothing is left. Pure.

Every kind leaves in the same way, and by what the kernel knows alone: no state of a kind can keep a position.
"""

from collections.abc import Iterator
from decimal import ROUND_CEILING

import msgspec

from opensqt.domain.control import StrategyRetiring
from opensqt.domain.decimals import ONE
from opensqt.domain.dust import is_dust
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce
from opensqt.domain.strategy_events import StrategyFlattened
from opensqt.strategies.aiming import aim, as_it_is, steer
from opensqt.strategies.decision import Decision, JournalledChoice
from opensqt.strategies.permissions import permissions
from opensqt.strategies.planner import TargetOrder, slot_name
from opensqt.strategies.state import StrategyState

FLAT = "leaving the desk: flat"


def leave(state: StrategyState, retiring: StrategyRetiring) -> Decision:
    """Return what is to be done now; what is flat says so until the journal has it."""
    if waiting := state.unready or state.lapsing:
        return Decision(reason=waiting)
    held = tuple(_held(state))
    if living := state.books.tickets.living.values():
        # What rests may close as well: only once it has ended it is known what is left to close.
        ending = [as_it_is(one) for one in living if one.time_in_force is TimeInForce.IOC]
        reason = permissions(state).reason or "leaving the desk: waits for its orders to end"
        return steer(state, ending, reason=reason)
    if held:
        words = ", ".join(f"{state.position(one).quantity:f} {one}" for one in held)
        orders = [_close(state, symbol) for symbol in held]
        return aim(state, orders, reason=f"leaving the desk: closes {words}")
    cause = ("flattened", retiring.time_ms)
    if not state.may_ask(cause):
        return aim(state, (), reason=FLAT)
    message = StrategyFlattened(
        strategy=state.setup.strategy, retiring_ms=retiring.time_ms, time_ms=state.market.now_ms
    )
    choices = (JournalledChoice(cause=cause, message=message),)
    return msgspec.structs.replace(aim(state, (), reason=FLAT), choices=choices)


def _held(state: StrategyState) -> Iterator[str]:
    for symbol in state.setup.symbols:
        quantity = state.position(symbol).quantity
        if quantity and not is_dust(state.market.rules[symbol], quantity, state.mid_price(symbol)):
            yield symbol


def _close(state: StrategyState, symbol: str) -> TargetOrder:
    """Return an order that takes what the other side shows, in equal parts no larger than the strategy's own orders."""
    held, tick = state.position(symbol).quantity, state.market.ticks[symbol]
    rules = state.market.rules[symbol]
    side = Side.SELL if held > 0 else Side.BUY
    price = tick.bid_price if side is Side.SELL else tick.ask_price
    parts = (abs(held) * price / state.settings.order_notional_quote).to_integral_value(
        ROUND_CEILING
    )
    part = rules.fit_quantity(abs(held) / max(parts, ONE))
    return TargetOrder(
        slot=slot_name(state.setup.symbols.index(symbol)),
        side=side,
        price=price,
        quantity=abs(held) if rules.refusal(price, part, reduce_only=True) else part,
        purpose=Purpose.CLOSE,
        time_in_force=TimeInForce.IOC,
        symbol=symbol,
        reason="leaving the desk",
    )
