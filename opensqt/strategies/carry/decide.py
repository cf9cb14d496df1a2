"""What a carry does now: whether funding pays, what stands against it, and the next move of its saga. Pure."""

from opensqt.domain.account import AssetAmount
from opensqt.domain.dust import named
from opensqt.domain.ids import intent_id
from opensqt.domain.intent import CancelIntent, OrderType, PlaceIntent, TimeInForce
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import SagaStep
from opensqt.domain.trading_controls import HALTED
from opensqt.strategies import tracked_intent as one
from opensqt.strategies.carry import carry as worth
from opensqt.strategies.carry.attempts import FLAT_STEPS
from opensqt.strategies.carry.backoff import step_wait_ms, trouble
from opensqt.strategies.carry.carry import FundingWish, shown
from opensqt.strategies.carry.exit import leaving
from opensqt.strategies.carry.saga import Move, next_move
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.view import Leg, SagaView
from opensqt.strategies.decision import Decision, JournalledChoice
from opensqt.strategies.intent_tracker import due
from opensqt.strategies.tracked_intent import CYCLES_PER_RUN, UNSTAMPED

ASK_AGAIN_MS = 1_000


def decide(carry: CarryState, event: Event) -> Decision:
    """Return what to do after `event`, which `carry` has folded already."""
    del event  # every message is a reason to look again; the state holds all it said
    waiting = _waiting(carry)
    if waiting:
        return Decision(reason=waiting)
    view = _view(carry)
    if isinstance(view, str):
        return Decision(reason=view)
    if carry.books.tickets.living:
        # One order at a time: nothing is judged while one is under way.
        intents = (
            *due(carry.books.tickets, carry.market.now_ms, carry.setup.timing, placing=True),
            *_overdue(carry),
        )
        return Decision(intents=intents, reason=trouble(carry.books.vain, carry.books.vain_why))
    return _done(carry, next_move(view), view)


def _dust(carry: CarryState) -> tuple[AssetAmount, ...]:
    """Return the spot that no order can sell; the next entry adds to it, and the exit after that sells it."""
    rules, tick = carry.market.rules[carry.setup.spot], carry.market.ticks[carry.setup.spot]
    return named(rules, carry.books.spot.quantity, tick.bid_price)


def openings_cancelled(carry: CarryState) -> Decision:
    """Return the cancels of every order that adds risk: what a stopped carry still owes."""
    found = (
        one.cancel_of(ticket, carry.market.now_ms, carry.setup.timing, "strategy stopped")
        for ticket in carry.books.tickets.living.values()
        if ticket.purpose == "open"
    )
    return Decision(intents=tuple(intent for intent in found if intent is not None))


def entry_refusal(carry: CarryState) -> str:
    """Say why no carry may be entered now, or nothing; what a clip costs and brings is judged with its size."""
    setup, market = carry.setup, carry.market
    funding = market.funding
    if carry.stale:
        return f"market data stale: {carry.stale}"
    if funding is None:
        return "waiting for the funding rate"
    if carry.too_old(funding.time_ms, setup.funding_age_ms_max):
        return "funding stale"
    apr = worth.apr(funding.rate, funding.interval_hours)
    wish = worth.wish(apr, 0, setup.entry_apr_min, setup.exit_apr_max)
    if wish is FundingWish.ENTER_REVERSED:
        return "negative carry needs margin"
    if wish is FundingWish.NONE:
        return f"carry {shown(apr * 100)} % a year below {shown(setup.entry_apr_min * 100)} %"
    return ""


def _waiting(carry: CarryState) -> str:
    """Say what must be known before anything can be done, or nothing."""
    books, market, setup = carry.books, carry.market, carry.setup
    if books.run == 0:
        return "starting"
    for symbol in setup.symbols:
        if symbol not in market.rules:
            return f"waiting for instrument rules of {symbol}"
        if symbol not in market.ticks:
            return f"waiting for first tick of {symbol}"
    if carry.ready_ms and market.now_ms <= carry.ready_ms:
        return "waiting until earlier intents have lapsed"
    return ""


def _view(carry: CarryState) -> SagaView | str:
    """Return what the saga may do, or why nothing at all is placed."""
    setup, market = carry.setup, carry.market
    if market.switches.killed(setup.strategy):
        return "kill latched"
    halt = market.switches.halt(setup.venue, setup.account, setup.symbols)
    if halt is not None and halt.mode == HALTED:
        return f"halted: {halt.reason}"
    stopped = f"{halt.mode.lower()}: {halt.reason}" if halt is not None else ""
    return SagaView(
        carry=carry,
        spot=market.rules[setup.spot],
        perp=market.rules[setup.perp],
        spot_tick=market.ticks[setup.spot],
        perp_tick=market.ticks[setup.perp],
        closed=stopped or entry_refusal(carry),
        leave=leaving(carry),
        opening=not stopped,
    )


def _overdue(carry: CarryState) -> tuple[CancelIntent, ...]:
    """Return the cancels of orders that should have ended at once and still rest."""
    now_ms, timing = carry.market.now_ms, carry.setup.timing
    found = (
        one.cancel_of(ticket, now_ms, timing, "leg timeout")
        for ticket in carry.books.tickets.living.values()
        if ticket.at_venue and now_ms > ticket.valid_until_ms + carry.setup.leg_timeout_ms
    )
    return tuple(intent for intent in found if intent is not None)


def _done(carry: CarryState, move: Move, view: SagaView) -> Decision:
    intents = (_place(carry, move.leg),) if move.leg is not None else ()
    choices = (_step(carry, move),) if move.step and _may_ask(carry) else ()
    reason = move.reason
    if not reason.startswith("escalated"):
        reason = trouble(carry.books.vain, carry.books.vain_why) or reason
    if not reason and not intents and not move.step and carry.books.step in FLAT_STEPS:
        reason = view.closed
    return Decision(intents=intents, choices=choices, reason=reason, dust=_dust(carry))


def _may_ask(carry: CarryState) -> bool:
    market = carry.market
    pause_ms = step_wait_ms(carry.setup.timing, carry.books.unpaid)
    if market.now_ms < carry.books.step_ms + pause_ms:
        return False
    fresh = market.asked != carry.books.steps + 1
    return fresh or market.now_ms >= market.asked_ms + ASK_AGAIN_MS


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
    )
    return JournalledChoice(cause=("saga", number), message=message)


def _place(carry: CarryState, leg: Leg) -> PlaceIntent:
    setup, now_ms = carry.setup, carry.market.now_ms
    cycle = carry.books.run * CYCLES_PER_RUN + carry.books.issued + 1
    slot = "spot" if leg.symbol == setup.spot else "perp"
    return PlaceIntent(
        intent_id=intent_id(strategy=setup.strategy, slot=slot, cycle=cycle, action="place"),
        strategy=setup.strategy,
        slot=slot,
        cycle=cycle,
        venue=setup.venue,
        account=setup.account,
        symbol=leg.symbol,
        side=leg.side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.IOC,
        price=leg.price,
        quantity=leg.quantity,
        purpose=leg.purpose,
        created_ms=now_ms,
        valid_until_ms=now_ms + setup.timing.valid_for_ms,
        basis=UNSTAMPED,
        reason=leg.reason or carry.books.step or "hedging",
    )
