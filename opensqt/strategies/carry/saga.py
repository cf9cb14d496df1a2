"""The two-leg trade: from what both legs hold and the last recorded step to the next step or order. Pure.

Leg one trades spot in clips, leg two covers exactly what leg one executed. Whatever is left uncovered is hedged,
then unwound, then escalated; beyond its limits it is not hedged but unwound at once. The truth is always the sum of
our own fills, so a restart goes on where the log stands.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import ZERO, floor_to
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.strategy_events import CarryOutlook
from opensqt.strategies.carry import naked
from opensqt.strategies.carry.attempts import FLAT_STEPS
from opensqt.strategies.carry.carry import clip_quantity
from opensqt.strategies.carry.entry import Clip, next_clip
from opensqt.strategies.carry.outlook import exit_outlook, parts_of
from opensqt.strategies.carry.view import Leg, SagaView

ESCALATE_AFTER = 4  # leg timeouts
VAIN_MAX = 8


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """What comes next: a step for the journal, orders, both, or only a reason to wait."""

    step: str = ""
    detail: str = ""
    legs: tuple[Leg, ...] = ()
    reason: str = ""
    outlook: CarryOutlook | None = None
    by_basis: bool = False  # of an exit: nothing else asks for it
    keep_base: Decimal = ZERO  # of an exit: how much spot stays


def next_move(view: SagaView) -> Move:
    """Return the next step or order; nothing of ours may be under way."""
    step = view.carry.books.step
    if step in FLAT_STEPS:
        return _from_flat(view)
    if step == "entering":
        return _entering(view)
    if step == "exiting":
        return _exiting(view)
    if step == "neutral":
        return _neutral(view)
    return _naked(view, step)


def _from_flat(view: SagaView) -> Move:
    if _hedge(view) is not None or _unwind(view) is not None:
        return Move(step="compensating", detail="a fill came after the end")
    if _sellable(view) > 0:
        return Move(step="neutral", detail="both legs are held")
    if view.closed or not view.may_begin:
        return Move(reason=view.closed or _resting(view))
    clip = next_clip(view)
    # A saga without a first order would end at once and begin again, for ever.
    return Move(reason=clip) if isinstance(clip, str) else _begun(clip)


def _entering(view: SagaView) -> Move:
    hedge = _hedge(view)
    if hedge is not None and view.breach:
        return Move(step="compensating", detail=view.breach)
    if hedge is not None:
        return Move(step="hedging", detail=naked.uncovered_text(view.carry), legs=(hedge,))
    if view.carry.apart and not view.closed and not view.late(1):
        return Move(reason=f"the entry waits: {view.carry.apart}")
    clip = next_clip(view)
    if view.closed or isinstance(clip, str):
        return _settled(view, view.closed or f"no more to enter: {clip}")
    if view.carry.books.vain >= VAIN_MAX and not view.rested:
        return _settled(view, "no more to enter")
    return Move(legs=clip.legs) if view.rested else Move(reason="resting after a vain try")


def _neutral(view: SagaView) -> Move:
    if _drifted(view):
        uncovered = naked.uncovered_text(view.carry)
        return Move(step="hedging", detail=f"the legs have drifted: {uncovered}")
    leave = view.leave
    if leave.reason:
        return _left(view)
    if _sellable(view) == 0:
        return Move(step="flat", detail="nothing is held")
    clip = next_clip(view) if not view.closed else ""
    if isinstance(clip, str):
        return Move()
    return _begun(clip) if view.may_begin else Move(reason=_resting(view))


def _left(view: SagaView) -> Move:
    leave = view.leave
    return Move(
        step="exiting",
        detail=leave.reason,
        outlook=exit_outlook(view.carry),
        by_basis=leave.by_basis,
        keep_base=leave.keep_base,
    )


def _drifted(view: SagaView) -> bool:
    """Tell whether an order can make the legs equal that differ by more than they may at rest."""
    carry = view.carry
    allowed = naked.drift_base(carry.books, carry.settings.drift_bps_max)
    can = _hedge(view) is not None or _unwind(view) is not None
    return can and abs(carry.books.imbalance) > allowed


def _resting(view: SagaView) -> str:
    attempts = view.carry.books.attempts
    if view.carry.market.now_ms < attempts.rest_until_ms:
        return f"resting: entries unwound in a row: {attempts.unwound}"
    return "resting after a vain try"


def _begun(clip: Clip) -> Move:
    return Move(step="entering", detail=f"expected {parts_of(clip.outlook)}", outlook=clip.outlook)


def _exiting(view: SagaView) -> Move:
    unwind = _unwind(view)
    if unwind is not None and view.breach:
        return Move(step="compensating", detail=view.breach)
    leg = unwind or _sale(view)
    lasting = view.leave.reason and not view.leave.by_basis and not view.leave.keep_base
    if unwind is None and view.carry.books.keep_base and lasting:
        return _left(view)
    if leg is None:
        return _settled(view, "both legs are closed, or as small as they were to be")
    unasked = _unasked(view) if unwind is None else None
    if unasked is not None:
        return unasked
    if view.carry.books.vain >= VAIN_MAX:
        return Move(step="escalated", detail=f"the exit fails: {view.carry.books.vain_why}")
    return Move(legs=(leg,)) if view.rested else Move(reason="resting after a vain try")


def _unasked(view: SagaView) -> Move | None:
    """Return what to do instead of the next exit clip where only the basis asked and does not now; else None."""
    if view.leave.reason or not view.carry.books.by_basis:
        return None
    if view.leave.unknown:
        return Move(reason=f"the exit on the basis waits: {view.leave.unknown}")
    return _settled(view, "nothing asks for leaving any more")


def _naked(view: SagaView, step: str) -> Move:
    """Hedge for one leg timeout, then unwind for some more, then call for a person and go on trying."""
    hedge, unwind = _hedge(view), _unwind(view)
    if hedge is None and unwind is None:
        return _covered(view, step)
    if step == "hedging":
        if not view.opening and hedge is not None and hedge.purpose is Purpose.OPEN:
            return Move(step="compensating", detail="openings are stopped")
        if hedge is None or view.breach or view.late(1):
            return Move(step="compensating", detail=view.breach or naked.uncovered_text(view.carry))
        return Move(legs=(hedge,)) if view.rested else Move(reason=naked.uncovered_text(view.carry))
    overdue = naked.overdue(view.carry) and view.late(1)
    if step == "compensating" and (overdue or view.late(ESCALATE_AFTER)):
        return Move(step="escalated", detail=naked.uncovered_text(view.carry))
    # Escalated: whichever side works first.
    turn = step == "escalated" and view.carry.books.vain % 2 == 1 and view.opening
    order = (hedge, unwind) if turn else (unwind, hedge)
    legs = tuple(leg for leg in order if leg is not None)[:1]
    uncovered = naked.uncovered_text(view.carry)
    reason = f"escalated: {uncovered}" if step == "escalated" else uncovered
    return Move(legs=legs, reason=reason) if view.rested else Move(reason=reason)


def _covered(view: SagaView, step: str) -> Move:
    """Settle what is covered; only an exit that failed goes on, until something trades, whoever was called."""
    sale = _sale(view)
    if step != "escalated" or sale is None or not view.carry.books.vain:
        return _settled(view, "covered")
    if view.leave.reason:
        reason = f"escalated: the exit fails: {view.carry.books.vain_why}"
        return Move(legs=(sale,) if view.rested else (), reason=reason)
    unasked = _unasked(view) or _settled(view, "covered")
    if unasked.step:
        return unasked
    return msgspec.structs.replace(unasked, reason=f"escalated: {unasked.reason}")


def _settled(view: SagaView, detail: str) -> Move:
    return Move(step="neutral" if _sellable(view) > 0 else "flat", detail=detail)


def _hedge(view: SagaView) -> Leg | None:
    """Return the perpetual order that makes the short as large as the spot held, down to the perpetual's step.

    None where that is so already, or where the rest is too small to trade: within tolerance.
    """
    books = view.carry.books
    wanted = floor_to(max(books.spot.quantity, ZERO), view.perp.quantity_step)
    missing = wanted + books.perp.quantity
    quantity = view.perp.fit_quantity(abs(missing))
    if missing > 0:
        return _leg(view, view.perp, Side.SELL, quantity, Purpose.OPEN)
    return _leg(view, view.perp, Side.BUY, quantity, Purpose.CLOSE)


def _unwind(view: SagaView) -> Leg | None:
    """Return the order that takes the imbalance back: spot that no short covers, or a short without spot."""
    hedge = _hedge(view)
    if hedge is None or hedge.purpose is Purpose.CLOSE:
        # Too small for the perpetual is within tolerance, whatever spot could still trade.
        return hedge
    books = view.carry.books
    held = min(books.imbalance, books.spot.quantity)
    return _leg(view, view.spot, Side.SELL, view.spot.fit_quantity(held), Purpose.CLOSE)


def _sale(view: SagaView) -> Leg | None:
    """Return the next exit clip of spot, or None where nothing that can be sold is left."""
    quantity = _sellable(view, view.carry.books.keep_base)
    return _leg(view, view.spot, Side.SELL, quantity, Purpose.CLOSE) if quantity > 0 else None


def _sellable(view: SagaView, keep: Decimal = ZERO) -> Decimal:
    """Return the spot quantity of the next exit clip; 0 where what may go is too small to trade."""
    held = view.spot.fit_quantity(max(view.carry.books.spot.quantity - keep, ZERO))
    price = view.price(view.spot, Side.SELL)
    clip = clip_quantity(view.carry.settings.order_notional_quote, price, view.spot, view.perp)
    rest = held - clip
    quantity = held if rest <= 0 or view.spot.refusal(price, rest) else clip
    return ZERO if view.spot.refusal(price, quantity) else quantity


def _leg(
    view: SagaView, rules: InstrumentRules, side: Side, quantity: Decimal, purpose: Purpose
) -> Leg | None:
    price = view.price(rules, side)
    if rules.refusal(price, quantity, reduce_only=purpose is Purpose.CLOSE):
        return None
    return Leg(symbol=rules.symbol, side=side, quantity=quantity, price=price, purpose=purpose)
