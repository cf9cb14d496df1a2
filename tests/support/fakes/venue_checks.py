"""What the in-memory venue refuses, and what its open orders reserve; pure, in the words and codes of Binance."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.domain.venue import OrderRequest, Refusal


class Denial(msgspec.Struct, frozen=True, kw_only=True):
    """Why the exchange does not take a request."""

    kind: Refusal
    code: str
    reason: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What a request is checked against; `free` is of the asset it needs, `position` is signed."""

    now_ms: int
    price: Decimal | None
    free: Decimal
    position: Decimal


AHEAD_MS_MAX = 1000  # of the venue's clock; a stamp from further ahead is refused
EXPIRED_WINDOW = Denial(
    kind=Refusal.CLOCK,
    code="-1021",
    reason="Timestamp for this request is outside of the recvWindow.",
)
NOT_REDUCING = Denial(
    kind=Refusal.REDUCE_ONLY, code="-2022", reason="ReduceOnly Order is rejected."
)
NO_FUNDS = Denial(
    kind=Refusal.FUNDS,
    code="-2010",
    reason="Account has insufficient balance for requested action.",
)
UNKNOWN_SYMBOL = Denial(kind=Refusal.SYMBOL, code="-1121", reason="Invalid symbol.")


def denial(request: OrderRequest, rule: InstrumentRules, standing: Standing) -> Denial | None:
    """Return why this request is refused, or None."""
    spot = rule.market is Market.SPOT
    ahead_ms = request.signed_ms - standing.now_ms
    if standing.now_ms > request.deadline_ms or ahead_ms > AHEAD_MS_MAX:
        return EXPIRED_WINDOW
    broken = rule.refusal(request.price, request.quantity, reduce_only=request.reduce_only)
    if broken and request.type is OrderType.LIMIT:
        code = "-1013" if spot else "-4014"
        return Denial(kind=Refusal.FILTER, code=code, reason=f"Filter failure: {broken}")
    if request.time_in_force is TimeInForce.POST_ONLY and crosses(request, standing.price):
        code = "-2010" if spot else "-5022"
        reason = "Order would immediately match and take."
        return Denial(kind=Refusal.POST_ONLY, code=code, reason=reason)
    binds = request.reduce_only and not spot  # spot knows no such flag, none is sent
    if binds and -request.side.sign * standing.position < request.quantity:
        return NOT_REDUCING
    market = request.type is OrderType.MARKET
    price = (standing.price or ZERO) if market else request.price
    if spot and standing.free < needed(rule, request.side, price, request.quantity)[1]:
        return NO_FUNDS
    return None


def crosses(request: OrderRequest, price: Decimal | None) -> bool:
    """Tell whether the request would trade at once at the last price."""
    if price is None:
        return False
    if request.type is OrderType.MARKET:
        return True
    return (price - request.price) * request.side.sign <= 0


def needed(
    rule: InstrumentRules, side: Side, price: Decimal, quantity: Decimal
) -> tuple[str, Decimal]:
    """Return the asset and the amount that a spot order reserves."""
    return (rule.quote, price * quantity) if side is Side.BUY else (rule.base, quantity)


def reserved(
    resting: Iterable[tuple[OrderRequest, Decimal]], rules: dict[str, InstrumentRules]
) -> dict[str, Decimal]:
    """Sum what open spot orders (request, filled quantity) reserve, by asset."""
    sums: dict[str, Decimal] = {}
    for request, filled in resting:
        rule = rules[request.symbol]
        if rule.market is Market.SPOT:
            asset, need = needed(rule, request.side, request.price, request.quantity - filled)
            sums[asset] = sums.get(asset, ZERO) + need
    return sums
