"""The event tape: what happened, in one short line each, for a person. Pure; facts only, no advice."""

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from opensqt.domain import account, control, market, order_events, recon_events, strategy_events
from opensqt.domain.account import AccountEvent
from opensqt.domain.control import ControlEvent
from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskEvent, RiskRefused
from opensqt.risk.rules import WORDS

GOOD, PLAIN, WARN, BAD = "good", "plain", "warn", "bad"
SHORT = 160
CENTS = Decimal("0.00000001")

_ReconcilerEvent = recon_events.ReconEvent | recon_events.VenueEvent


class ActivityLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the tape; `position` 0 for what is not in the journal."""

    position: int
    time_ms: int
    kind: str
    tone: str
    text: str


def line_of(message: Event, position: int) -> ActivityLine | None:
    """Return the line of a message, or None for what is no news to a person."""
    if position == 0 and not isinstance(message, market.FeedStatus):
        return None  # what is not journalled is an echo of what is
    found = _words(message)
    if found is None:
        return None
    tone, text = found
    return ActivityLine(
        position=position,
        time_ms=message.time_ms,
        kind=type(message).__name__,
        tone=tone,
        text=text if len(text) <= SHORT else text[: SHORT - 1] + "…",
    )


def plain(number: Decimal) -> str:
    """Return a number without exponent and without trailing zeros."""
    return format(EXACT.normalize(number), "f") if number else "0"


def cash(amount: Decimal) -> str:
    """Return an amount of money rounded for the eye, to eight places."""
    return plain(amount.quantize(CENTS, rounding=ROUND_HALF_EVEN, context=EXACT))


def _words(message: Event) -> tuple[str, str] | None:
    if isinstance(message, order_events.OrderEvent):
        return _of_order(message)
    if isinstance(message, strategy_events.StrategyEvent):
        return _of_strategy(message)
    if isinstance(message, _ReconcilerEvent):
        return _of_reconciler(message)
    if isinstance(message, ControlEvent):
        return _of_people(message)
    return _of_desk(message)


def _of_order(message: order_events.OrderEvent) -> tuple[str, str] | None:
    match message:
        case order_events.Fill():
            ref = message.ref
            what = f"{message.side} {plain(message.quantity)} {ref.symbol} @ {plain(message.price)}"
            return GOOD, f"{ref.strategy or 'unknown owner'} {what} ({message.liquidity})"
        case order_events.Rejected():
            return WARN, f"{_named(message.ref)} refused by the venue: {message.reason}"
        case order_events.Unresolved():
            return WARN, f"{_named(message.ref)} has no answer yet: {message.cause}"
        case order_events.NeverPlaced():
            return PLAIN, f"{_named(message.ref)} never reached the venue: {message.proof}"
        case order_events.Expired():
            return PLAIN, f"{_named(message.ref)} expired: {message.reason}"
        case order_events.Canceled():
            return PLAIN, f"{_named(message.ref)} cancelled {message.reason}".rstrip()
        case _:
            _no_news: (
                order_events.IntentPlaced | order_events.Submitting | order_events.Accepted
            ) | order_events.CancelRequested = message
            return None


def _of_people(message: ControlEvent) -> tuple[str, str] | None:
    match message:
        case control.KillLatched():
            return BAD, f"{message.scope} KILLED by {message.actor}: {message.reason}"
        case control.KillReleased():
            return GOOD, f"{message.scope} resumed by {message.actor}: {message.reason}"
        case control.LimitChanged():
            to = message.after or "what is configured"
            words = f"limit {message.field} {message.before} -> {to}"
            return WARN, f"{words} by {message.actor}: {message.reason}"
        case control.CallAudited():
            tone = PLAIN if message.outcome == "ok" else WARN
            return tone, f"{message.actor} called {message.call}: {message.outcome}"
        case control.AlertDelivery():
            what = ", ".join((*message.raised, *message.happened, *message.over))
            if message.detail:
                return WARN, f"{message.channel} was not told of {what}: {message.detail}"
            return PLAIN, f"{message.channel} was told of {what}"
        case control.OrderedByHand():
            intent = message.intent
            verb = "orders" if message.place is not None else "cancels"
            return PLAIN, f"{message.actor} {verb} {intent.symbol} by hand: {intent.reason}"
        case _ if isinstance(message, control.StrategyChange):
            return PLAIN, _changed(message)
        case _:
            _no_news: control.DeskGeneration = message
            return None


def _of_desk(
    message: MarketEvent | RiskEvent | AccountEvent | FeedEvent,
) -> tuple[str, str] | None:
    match message:
        case RiskRefused():
            intent = message.place or message.cancel
            who = intent.strategy if intent is not None else "intent"
            meant = WORDS.get(message.reason, message.reason)
            return WARN, f"{who}: risk refused, {meant} ({message.detail})"
        case IntentConflict():
            intent = message.place or message.cancel
            who = intent.strategy if intent is not None else "intent"
            return BAD, f"{who}: intent {message.intent_id} said twice, {message.detail}"
        case account.FundingPaid():
            return GOOD, f"funding {plain(message.amount)} {message.asset} on {message.symbol}"
        case market.FeedStatus():
            tone = PLAIN if message.state is market.FeedState.LIVE else WARN
            text = f"{message.symbol} {message.channel} feed {message.state} {message.detail}"
            return tone, text.rstrip()
        case control.FeedGeneration():
            tone = WARN if message.generation > 1 else PLAIN
            return tone, f"feed generation {message.generation}: {message.reason}"
        case _:
            _no_news: (
                (market.Tick | market.Trade | market.BookTop | market.Candle | market.Funding)
                | (market.Mark | InstrumentRules | market.Time | RiskApproved | control.Heartbeat)
                | (account.VenueSnapshot | account.BalanceChanged | account.PositionStated)
                | account.Deposit
            ) = message
            return None


def _changed(message: control.StrategyChange) -> str:
    words = {
        control.StrategyRegistered: "belongs to the desk",
        control.StrategyRetiring: "is to leave the desk",
        control.StrategyDeregistered: "has left the desk",
    }
    return f"{message.strategy} {words[type(message)]}, by {message.actor}: {message.reason}"


def _of_reconciler(message: _ReconcilerEvent) -> tuple[str, str] | None:
    match message:
        case recon_events.Halted(breaker=breaker) if breaker:
            return BAD, f"breaker {breaker} opened in {message.scope}: {message.reason}"
        case recon_events.Resumed(breaker=breaker) if breaker:
            state = "half open" if message.half_open else "closed"
            return GOOD, f"breaker {breaker} {state} in {message.scope}: {message.reason}"
        case recon_events.Halted():
            return BAD, f"{message.scope} {message.mode}: {message.reason}"
        case recon_events.Resumed():
            return GOOD, f"{message.scope} resumed: {message.reason}"
        case recon_events.Discrepancy():
            seen = f"expected {message.expected}, venue shows {message.observed}"
            return WARN, f"{message.symbol} {message.kind} of {message.subject}: {seen}"
        case recon_events.OrderContradicted():
            return BAD, f"{message.symbol} order contradicted: {message.evidence}"
        case recon_events.VenueStatus():
            return WARN, f"{message.venue} {message.status}: {message.detail}"
        case recon_events.Liquidated() | recon_events.AutoDeleveraged() | recon_events.Settled():
            done = recon_events.FORCED_WORDS[type(message)]
            what = f"{plain(message.quantity)} @ {plain(message.price)}"
            return BAD, f"{message.symbol} {done} by {message.venue}: {what}"
        case _:
            _no_news: (
                recon_events.Adjustment | recon_events.Transferred | recon_events.InstrumentChanged
            ) = message
            return None


def _of_strategy(message: strategy_events.StrategyEvent) -> tuple[str, str]:
    match message:
        case strategy_events.StrategyStarted():
            return PLAIN, f"{message.strategy} started, run {message.run}"
        case strategy_events.StrategyFaulted():
            return BAD, f"{message.strategy} stopped by a fault: {message.error}"
        case strategy_events.AnchorSet():
            where = f"{plain(message.anchor_price)}, step {plain(message.step_price)}"
            return PLAIN, f"{message.strategy} anchored at {where}"
        case strategy_events.PositionAdopted():
            return PLAIN, f"{message.strategy} took over {plain(message.quantity)} {message.symbol}"
        case strategy_events.SagaStep():
            legs = f"spot {plain(message.spot_quantity)}, perp {plain(message.perp_quantity)}"
            tone = BAD if message.step == "escalated" else PLAIN
            return tone, f"{message.strategy} {message.step}: {legs} {message.detail}".rstrip()
        case strategy_events.StrategyFlattened():
            return GOOD, f"{message.strategy} holds nothing any more"


def _named(ref: order_events.OrderRef) -> str:
    return f"{ref.strategy or 'unknown owner'} {ref.symbol} order {ref.client_order_id[:8]}"
