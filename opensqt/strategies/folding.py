"""How events change what every strategy knows. Pure: no I/O, no clock, no randomness; `now` is the feed's time."""

from typing import TypeVar

import msgspec

from opensqt.domain import position as positions
from opensqt.domain.account import VenueSnapshot
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import BookTop, Candle, FeedState, FeedStatus, Funding, Mark, Tick, Time
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, IntentPlaced, OrderEvent
from opensqt.domain.order_state import begin, fold
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted, StrategyStarted
from opensqt.domain.trading_controls import Switch, thrown
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.strategies import intent_tracker as tracker
from opensqt.strategies.decision import Decision
from opensqt.strategies.idleness import traded
from opensqt.strategies.idling import worked_until
from opensqt.strategies.intent_tracker import IntentChange, Outcome
from opensqt.strategies.retries import learned, rested
from opensqt.strategies.state import StrategyState

PRICE_CHANNELS = frozenset({"tick", "ticker", "book", "book_top", "depth"})

S = TypeVar("S", bound=StrategyState)
Changes = tuple[IntentChange, ...]
Shown = Tick | BookTop | InstrumentRules | FeedStatus | Funding | Mark | Candle


def folded(state: S, event: Event) -> tuple[S, Changes]:
    """Fold one message of FEED; return the state and what happened to our intents. Unknown ones change nothing."""
    match event:
        case Tick() | BookTop() | InstrumentRules() | FeedStatus() | Funding() | Mark() | Candle():
            setup = state.setup
            ours = event.venue == setup.venue and event.symbol in setup.symbols
            return _shown(state, event) if ours else (state, ())
        case Time():
            return _timed(state, event.time_ms)
        case _ if isinstance(event, OrderEvent):
            return _ordered(state, event)
        case VenueSnapshot():
            covers = not set(event.symbols).isdisjoint(state.setup.symbols)
            ours = (event.venue, event.account) == (state.setup.venue, state.setup.account)
            return (with_market(state, snapshot=event) if ours and covers else state), ()
        case _ if isinstance(event, Switch):
            return with_market(state, switches=thrown(state.market.switches, event)), ()
        case StrategyStarted(strategy=name) if name == state.setup.strategy:
            resumed_ms = event.time_ms if state.books.run else 0
            return with_books(state, run=event.run, issued=0, resumed_ms=resumed_ms), ()
        case Adjustment() | PositionAdopted():
            return _corrected(state, event), ()
        case RiskApproved() | RiskRefused():
            return booked(state, tracker.judged(state.books.tickets, event))
        case _:
            return state, ()


def published(state: S, decision: Decision) -> tuple[S, Changes]:
    """Fold our own decision as it was published."""
    now_ms, tickets, issued = state.market.now_ms, state.books.tickets, state.books.issued
    changes: Changes = ()
    for intent in decision.intents:
        if isinstance(intent, PlaceIntent):
            tickets, changed = tracker.begun(tickets, intent, now_ms)
            issued += sum(one.before is None for one in changed)
        else:
            tickets, changed = tracker.wished_away(tickets, intent, now_ms)
        changes += changed
    if decision.intents:
        state = with_books(state, tickets=tickets, issued=issued)
    if decision.choices:
        asked = {str(choice.cause[0]): (choice.cause, now_ms) for choice in decision.choices}
        state = with_market(state, asked={**state.market.asked, **asked})
    working = worked_until(state, decision)
    return msgspec.structs.replace(state, working=working), changes


def with_books(state: S, **changes: object) -> S:
    """Return the state with these parts of its books."""
    books = msgspec.structs.replace(state.books, **changes)
    return msgspec.structs.replace(state, books=books)


def with_market(state: S, **changes: object) -> S:
    """Return the state with these parts of what the market shows."""
    market = msgspec.structs.replace(state.market, **changes)
    return msgspec.structs.replace(state, market=market)


def _shown(state: S, event: Shown) -> tuple[S, Changes]:
    market = state.market
    match event:
        case Tick():
            state = with_market(state, ticks={**market.ticks, event.symbol: event})
            return _timed(state, event.time_ms)
        case BookTop():
            return with_market(state, tops={**market.tops, event.symbol: event}), ()
        case InstrumentRules():
            return with_market(state, rules={**market.rules, event.symbol: event}), ()
        case Funding():
            return with_market(state, fundings={**market.fundings, event.symbol: event}), ()
        case Mark():
            return with_market(state, marks={**market.marks, event.symbol: event}), ()
        case Candle():
            return _drawn(state, event), ()
        case FeedStatus():
            if event.channel not in PRICE_CHANNELS:
                return state, ()
            channel = (event.symbol, event.channel)
            healthy = event.state is FeedState.LIVE
            sick = market.sick - {channel} if healthy else market.sick | {channel}
            return with_market(state, sick=sick), ()


def _drawn(state: S, event: Candle) -> S:
    """Keep a closed candle as long as the kind of strategy declared; one that is told again changes nothing."""
    known = state.market.candles.get(event.symbol, ())
    if not event.closed or (known and event.open_time_ms <= known[-1].open_time_ms):
        return state
    oldest_ms = event.open_time_ms - state.setup.candles_kept_ms
    kept = (*(one for one in known if one.open_time_ms >= oldest_ms), event)
    return with_market(state, candles={**state.market.candles, event.symbol: kept})


def _timed(state: S, time_ms: int) -> tuple[S, Changes]:
    if time_ms <= state.market.now_ms:
        return state, ()
    state = with_market(state, now_ms=time_ms)
    return booked(state, tracker.aged(state.books.tickets, time_ms, state.setup.timing))


def _ordered(state: S, event: OrderEvent) -> tuple[S, Changes]:
    setup, tickets, ref = state.setup, state.books.tickets, event.ref
    if (ref.venue, ref.account) != (setup.venue, setup.account) or ref.symbol not in setup.symbols:
        return state, ()
    if ref.strategy == setup.strategy:
        if not state.books.traded:
            state = with_books(state, traded=True)
        state, changes = booked(state, tracker.ordered(tickets, event))
        return _noted(state, event), changes
    if ref.strategy == "" and isinstance(event, Fill):
        return booked(state, tracker.attributed(tickets, event))
    return _of_others(state, event), ()


def _noted(state: S, event: OrderEvent) -> S:
    """Note that just now an order traded: who trades is not idle."""
    ticket = tracker.ticket_of(state.books.tickets, event.ref.intent_id)
    if ticket is None or not isinstance(event, Fill):
        return state
    working = traded(state.working, ticket.purpose, state.market.now_ms)
    return msgspec.structs.replace(state, working=working)


def _of_others(state: S, event: OrderEvent) -> S:
    """Remember the living orders of other strategies in our symbols: nobody trades with himself."""
    cid, others = event.ref.client_order_id, dict(state.market.others)
    if cid not in others and not isinstance(event, IntentPlaced):
        return state if state.market.others_trade else with_market(state, others_trade=True)
    order = fold(others.pop(cid, begin(cid)), event)
    if not order.terminal:
        others[cid] = order
    return with_market(state, others=others, others_trade=True)


def booked(state: S, outcome: Outcome) -> tuple[S, Changes]:
    """Take over what happened to our intents: book their trades, learn from those that came to nothing."""
    tickets, changes = outcome
    books = state.books
    if tickets is books.tickets and not changes:
        return state, ()
    held, retries = books.positions, books.retries
    for change in changes:
        if change.fill is not None:
            symbol = change.fill.ref.symbol
            held = {**held, symbol: positions.fill(books.position(symbol), change.fill)}
            books = msgspec.structs.replace(books, positions=held)
        if change.after is None:
            continue
        slot, retry = change.after.slot, books.retry(change.after.slot)
        if change.ended:
            now_ms, timing = state.market.now_ms, state.setup.timing
            retry = learned(retry, change.after, now_ms, timing)
        elif change.after.at_venue:
            retry = rested(retry)
        if retry is not books.retry(slot):
            retries = {**retries, slot: retry}
            books = msgspec.structs.replace(books, retries=retries)
    books = msgspec.structs.replace(books, tickets=tickets)
    return msgspec.structs.replace(state, books=books), changes


def _corrected(state: S, event: Adjustment | PositionAdopted) -> S:
    """Book what changed without a trade of ours: a correction at our own cost, or a position that was there before."""
    setup = state.setup
    place = (event.venue, event.account, event.strategy)
    if place != (setup.venue, setup.account, setup.strategy) or event.symbol not in setup.symbols:
        return state
    held = state.books.position(event.symbol)
    price = event.entry_price if isinstance(event, PositionAdopted) else held.entry_price
    held = positions.trade(held, event.quantity, price)
    return with_books(state, positions={**state.books.positions, event.symbol: held})
