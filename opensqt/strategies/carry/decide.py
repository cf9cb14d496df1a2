"""What a carry does now: whether funding pays, what stands against it, and the next move of its saga. Pure."""

from opensqt.domain.account import AssetAmount
from opensqt.domain.dust import named
from opensqt.domain.intent import CancelIntent, PlaceIntent, TimeInForce
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Halted
from opensqt.domain.strategy_events import SagaStep
from opensqt.domain.trading_controls import HALTED, REDUCING
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.aiming import place_of
from opensqt.strategies.carry import carry as worth
from opensqt.strategies.carry import naked
from opensqt.strategies.carry.attempts import FLAT_STEPS
from opensqt.strategies.carry.backoff import step_wait_ms, trouble
from opensqt.strategies.carry.carry import FundingWish, shown
from opensqt.strategies.carry.exit import leaving
from opensqt.strategies.carry.saga import Move, next_move
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.view import Leg, SagaView
from opensqt.strategies.decision import Cause, Decision, JournalledChoice
from opensqt.strategies.intent_tracker import due
from opensqt.strategies.planner import TargetOrder

MINUTE_MS = 60_000


def decide(carry: CarryState, event: Event) -> Decision:
    """Return what to do after `event`, which `carry` has folded already."""
    del event  # every message is a reason to look again; the state holds all it said
    view = _view(carry)
    if isinstance(view, str):
        return Decision(reason=view)
    if carry.books.tickets.living:
        # One step at a time: nothing is judged while an order is under way, but the limits of what stands alone.
        intents = (
            *due(carry.books.tickets, carry.market.now_ms, carry.setup.timing, placing=True),
            *_overdue(carry),
        )
        reason = view.breach or trouble(carry.books.vain, carry.books.vain_why)
        return Decision(intents=intents, choices=_halting(carry, view.breach), reason=reason)
    return _done(carry, next_move(view), view)


def _dust(carry: CarryState) -> tuple[AssetAmount, ...]:
    """Return the spot that no order can sell; the next entry adds to it, and the exit after that sells it."""
    spot = carry.settings.spot
    rules, tick = carry.market.rules[spot], carry.market.ticks[spot]
    return named(rules, carry.books.spot.quantity, tick.bid_price)


def entry_refusal(carry: CarryState) -> str:
    """Say why no carry may be entered now, or nothing; what a clip costs and brings is judged with its size."""
    settings, funding = carry.settings, carry.funding
    if carry.unseen:
        return carry.unseen
    if funding is None:
        return "waiting for the funding rate"
    if tight := _tight(carry):
        return tight
    if carry.too_old(funding.time_ms, carry.setup.funding_age_ms_max):
        return "funding stale"
    apr = worth.apr(funding.rate, funding.interval_hours)
    wish = worth.wish(apr, 0, settings.entry_apr_min, settings.exit_apr_max)
    if wish is FundingWish.ENTER_REVERSED:
        return "negative carry needs margin"
    if wish is FundingWish.NONE:
        return f"carry {shown(apr * 100)} % a year below {shown(settings.entry_apr_min * 100)} %"
    ends_ms = worth.settlement_ms(
        funding.next_funding_ms, funding.interval_hours, carry.market.now_ms
    )
    if carry.books.epochs.over_ms == ends_ms:
        minutes = -(-(ends_ms - carry.market.now_ms) // MINUTE_MS)
        return f"one entry in each funding interval: the next in {minutes} min"
    return ""


def _tight(carry: CarryState) -> str:
    """Say that the margin of the account is too tight for an entry, or nothing."""
    settings, health = carry.settings, carry.margin_health
    least = settings.margin_health_clear if carry.books.relieved else settings.margin_health_reduce
    if health is None or health >= least:
        return ""
    return f"margin health {shown(health * 100)} % below {shown(least * 100)} %"


def _view(carry: CarryState) -> SagaView | str:
    """Return what the saga may do, or why nothing at all is placed."""
    settings, market, halt = carry.settings, carry.market, carry.halt
    if carry.killed:
        return "kill latched"
    if halt is not None and halt.mode == HALTED:
        return f"halted: {halt.reason}"
    stopped = f"{halt.mode.lower()}: {halt.reason}" if halt is not None else ""
    return SagaView(
        carry=carry,
        spot=market.rules[settings.spot],
        perp=market.rules[settings.perp],
        spot_tick=market.ticks[settings.spot],
        perp_tick=market.ticks[settings.perp],
        closed=stopped or entry_refusal(carry),
        leave=leaving(carry),
        opening=not stopped,
        breach=naked.breach(carry),
    )


def _halting(carry: CarryState, why: str) -> tuple[JournalledChoice, ...]:
    """Stop our openings where there is a reason: once for each leg that stands alone, and for each call for a person.

    Everybody obeys it until a person releases the strategy; what reduces goes on.
    """
    books, setup = carry.books, carry.setup
    cause: Cause = ("halted", books.saga_id, books.trouble)
    # Who released us while a leg still stands alone has seen it.
    if not why or books.called == books.trouble or not carry.may_ask(cause):
        return ()
    message = Halted(
        scope=carry.own_scope,
        mode=REDUCING,
        reason=f"{why}; look at both legs, then `opensqt resume --strategy {setup.strategy}`",
        time_ms=carry.market.now_ms,
    )
    return (JournalledChoice(cause=cause, message=message),)


def _overdue(carry: CarryState) -> tuple[CancelIntent, ...]:
    """Return the cancels of orders that should have ended at once and still rest."""
    now_ms, timing = carry.market.now_ms, carry.setup.timing
    found = (
        one.cancel_of(ticket, now_ms, timing, "leg timeout")
        for ticket in carry.books.tickets.living.values()
        if ticket.at_venue and now_ms > ticket.valid_until_ms + carry.leg_timeout_ms
    )
    return tuple(intent for intent in found if intent is not None)


def _done(carry: CarryState, move: Move, view: SagaView) -> Decision:
    intents = tuple(_place(carry, leg, number) for number, leg in enumerate(move.legs, start=1))
    choices = (_step(carry, move),) if move.step and _may_ask(carry) else ()
    # The halt comes first: where the step is recorded, so is what it asks for.
    alarm = view.breach or (move.detail if move.step == "escalated" else "")
    choices = (*_halting(carry, alarm), *choices)
    reason = move.reason
    if not reason.startswith("escalated"):
        reason = trouble(carry.books.vain, carry.books.vain_why) or reason
    if not reason and not intents and not move.step:
        reason = view.closed if carry.books.step in FLAT_STEPS else carry.unseen
    return Decision(intents=intents, choices=choices, reason=reason, dust=_dust(carry))


def _may_ask(carry: CarryState) -> bool:
    pause_ms = step_wait_ms(carry.setup.timing, carry.books.unpaid)
    due = carry.now_ms >= carry.books.step_ms + pause_ms
    return due and carry.may_ask(_cause(carry))


def _cause(carry: CarryState) -> Cause:
    return "saga", carry.books.steps + 1


def _step(carry: CarryState, move: Move) -> JournalledChoice:
    books, setup = carry.books, carry.setup
    number = books.steps + 1
    begins = books.step in FLAT_STEPS or not books.saga_id
    message = SagaStep(
        strategy=setup.strategy,
        saga_id=f"{setup.strategy}-{number}" if begins else books.saga_id,
        step=move.step,
        spot_quantity=books.spot.quantity,
        perp_quantity=books.perp.quantity,
        detail=move.detail,
        time_ms=carry.market.now_ms,
        outlook=move.outlook,
        by_basis=move.by_basis,
        keep_base=move.keep_base,
        tolerance_base=naked.tolerance_base(carry),
    )
    return JournalledChoice(cause=_cause(carry), message=message)


def _place(carry: CarryState, leg: Leg, number: int) -> PlaceIntent:
    want = TargetOrder(
        slot="spot" if leg.symbol == carry.settings.spot else "perp",
        side=leg.side,
        price=leg.price,
        quantity=leg.quantity,
        purpose=leg.purpose,
        time_in_force=TimeInForce.IOC,
        symbol=leg.symbol,
        reason=leg.reason or carry.books.step or "hedging",
    )
    return place_of(carry, want, number)
