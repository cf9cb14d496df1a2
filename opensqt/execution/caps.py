"""The executor's own hard caps, a second line behind risk: what keeps an approved order from being sent.

Pure. They count everything that may still fill, at worst, on every market. An order is an exit where our own fills
and the recorded corrections of them show that it only takes off what is held; exits always pass, no flag makes one.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ONE, ZERO
from opensqt.domain.instruments import Side, quote_asset, reduce_only_binds
from opensqt.domain.intent import OrderType, PlaceIntent
from opensqt.execution.state import ExecutionState


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """What one account may have at most: living orders, and notionals of an order and of a symbol at worst.

    Notionals are in `currency`; `rates` states what a unit of another quote asset is worth in it.
    """

    currency: str = "USDT"
    rates: dict[str, Decimal] = {}
    orders_max: int
    order_notional_max: Decimal
    notional_max: Decimal


class SubmissionTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Under what the executor acts now. All times are market ms; `fence_ms` is behind the deadline."""

    now_ms: int
    epoch: int
    deadline_ms: int
    fence_ms: int
    valid_until_wall_ms: int
    caps: Caps


def obstacle(
    state: ExecutionState, intent: PlaceIntent, terms: SubmissionTerms, *, reduce_only: bool
) -> str:
    """Say in words what keeps an approved intent from being sent now, or return an empty text."""
    latch = state.killed_for(intent.strategy)
    if latch is not None:
        return f"killed by {latch.actor}: {latch.reason}"
    if intent.intent_id in state.tombstones:
        return "canceled before it was sent"
    if terms.now_ms >= intent.valid_until_ms:
        return f"valid until {intent.valid_until_ms}, now {terms.now_ms}"
    if _takes_off(state, intent, capped=reduce_only and reduce_only_binds(intent.symbol)):
        return ""
    return _over_cap(state, intent, terms.caps)


def _takes_off(state: ExecutionState, intent: PlaceIntent, *, capped: bool) -> bool:
    """Tell whether, whatever fills, it only takes off what fills and corrections left with account or strategy.

    `capped` says that the venue lets it fill no further than what is held: others of its side may wait before it.
    """
    held = -intent.side.sign * state.net(intent.symbol)
    waiting = ZERO if capped else state.queued(intent.symbol, intent.side)
    if waiting + intent.quantity <= held:
        return True
    strategy = intent.strategy
    own = -intent.side.sign * state.own(strategy, intent.symbol)
    return state.queued(intent.symbol, intent.side, strategy) + intent.quantity <= own


def _over_cap(state: ExecutionState, intent: PlaceIntent, caps: Caps) -> str:
    count = len(state.living()) + len(state.admitted)
    if count >= caps.orders_max:
        return f"executor cap: {count} orders living, allowed {caps.orders_max}"
    price = _price(state, intent)
    if price <= 0:
        return f"executor cap: no price of {intent.symbol} is known"
    asset = quote_asset(intent.symbol)
    rate = ONE if asset == caps.currency else caps.rates.get(asset)
    if rate is None:
        return f"executor cap: no rate of {asset} in {caps.currency} is stated in [risk.rates]"
    price *= rate
    notional = intent.quantity * price
    if notional > caps.order_notional_max:
        return f"executor cap: order of {notional} above {caps.order_notional_max} {caps.currency}"
    net = intent.side.sign * state.net(intent.symbol)
    worst = (net + state.queued(intent.symbol, intent.side) + intent.quantity) * price
    if worst > caps.notional_max:
        return f"executor cap: worst case {worst} above {caps.notional_max} {caps.currency}"
    return ""


def _price(state: ExecutionState, intent: PlaceIntent) -> Decimal:
    """Return the highest price at which the order may trade as far as we know: a sell trades above its limit, too."""
    known = state.prices.get(intent.symbol, ZERO)
    if intent.type is OrderType.MARKET:
        return known
    return intent.price if intent.side is Side.BUY else max(intent.price, known)
