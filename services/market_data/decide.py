"""What is published of what was heard, and when: ticks, books and candles conflated, the rest lossless. Pure."""

from typing import assert_never

import msgspec

from opensqt.domain.market import (
    BookTop,
    Candle,
    FeedState,
    FeedStatus,
    Funding,
    Mark,
    MarketEvent,
    Tick,
    Trade,
)
from services.market_data.state import MARK, TICK, Conflated, PublishPace, SymbolState, Unhealthy

Observation = BookTop | Trade | Candle | Funding | Mark | FeedStatus
Step = tuple[SymbolState, tuple[MarketEvent, ...]]

ILL_AGAIN_MS = 10_000  # wall; within the look-back of every reader of FEED

# What is no news while nothing has been said: of ticks with a book, and of marks or before the first book.
_EXPECTED: dict[bool, frozenset[FeedState]] = {
    False: frozenset(),
    True: frozenset({FeedState.LIVE, FeedState.GAP}),
}


class Now(msgspec.Struct, frozen=True, kw_only=True):
    """The two times of a decision."""

    wall_ms: int
    market_ms: int


def observed(view: SymbolState, observation: Observation, now: Now, pace: PublishPace) -> Step:
    """Take one observation; return the new view and what is published at once."""
    match observation:
        case BookTop():
            return _booked(view, observation, now, pace)
        case Trade() | Mark():
            return view, (observation,)
        case Candle():
            if observation.closed:
                return _without(view, "candle"), (observation,)
            return _offered(view, "candle", observation, now, pace)
        case Funding():
            return _funded(view, observation, now, pace)
        case FeedStatus():
            return _reported(view, observation, now)
        case _:
            assert_never(observation)


def due(view: SymbolState, now: Now, pace: PublishPace) -> Step:
    """Publish what waited long enough, and say when the book went stale."""
    messages: list[MarketEvent] = []
    paced = dict(view.paced)
    for name, latest in view.paced.items():
        if latest.waits and _may(latest, now, pace):
            messages.append(latest.message)
            paced[name] = msgspec.structs.replace(latest, sent_ms=now.wall_ms, waits=False)
    view = msgspec.structs.replace(view, paced=paced)
    age_ms = now.wall_ms - view.heard_ms if view.heard_ms is not None else 0
    if not view.is_stale and age_ms > pace.tick_age_ms_max:
        view = msgspec.structs.replace(view, is_stale=True)
    view, status = _said(view, now)
    return view, (*messages, *status)


def wait_ms(view: SymbolState, now: Now, pace: PublishPace) -> int | None:
    """Return the wall ms until something of this symbol becomes due, or None while nothing waits."""
    waits = [
        (latest.sent_ms or 0) + pace.of(latest.message) - now.wall_ms
        for latest in view.paced.values()
        if latest.waits
    ]
    return max(0, min(waits)) if waits else None


def tick_of(book: BookTop) -> Tick | None:
    """Return the top of a book, or None while a side is empty."""
    if not book.bids or not book.asks:
        return None
    return Tick(
        venue=book.venue,
        symbol=book.symbol,
        bid_price=book.bids[0].price,
        bid_quantity=book.bids[0].quantity,
        ask_price=book.asks[0].price,
        ask_quantity=book.asks[0].quantity,
        time_ms=book.time_ms,
        book_sequence=book.book_sequence,
    )


def _booked(view: SymbolState, book: BookTop, now: Now, pace: PublishPace) -> Step:
    view = msgspec.structs.replace(view, heard_ms=now.wall_ms, is_stale=False)
    view, messages = _said(view, now)
    tick = tick_of(book)
    if tick is not None:
        view, ticks = _offered(view, TICK, tick, now, pace)
        messages += ticks
    view, books = _offered(view, "book", book, now, pace)
    return view, messages + books


def _funded(view: SymbolState, funding: Funding, now: Now, pace: PublishPace) -> Step:
    """A new rate, interval or date goes out at once; the same again only at its pace."""
    latest = view.paced.get("funding")
    if latest is not None and isinstance(latest.message, Funding):
        same = msgspec.structs.replace(latest.message, time_ms=funding.time_ms) == funding
        if same and not _may(latest, now, pace):
            return view, ()
    sent = Conflated(message=funding, sent_ms=now.wall_ms, waits=False)
    return _with(view, "funding", sent), (funding,)


def _offered(
    view: SymbolState, name: str, message: Tick | BookTop | Candle, now: Now, pace: PublishPace
) -> Step:
    """Publish at once where the pace allows it; else the latest waits and replaces what waited."""
    before = view.paced.get(name)
    if before is None or _may(before, now, pace):
        sent = Conflated(message=message, sent_ms=now.wall_ms, waits=False)
        return _with(view, name, sent), (message,)
    return _with(view, name, Conflated(message=message, sent_ms=before.sent_ms, waits=True)), ()


def _reported(view: SymbolState, status: FeedStatus, now: Now) -> Step:
    """Keep the health of a channel; what waits of a book that is lost is dropped."""
    ill = dict(view.ill)
    ill.pop(status.channel, None)
    if status.state is not FeedState.LIVE:
        ill[status.channel] = Unhealthy(
            state=status.state, detail=f"{status.channel}: {status.detail}"
        )
    view = msgspec.structs.replace(view, ill=ill)
    if view.health.state is not FeedState.LIVE:
        for name in (TICK, "book"):
            view = _without(view, name)
    return _said(view, now)


def _said(view: SymbolState, now: Now) -> Step:
    """Publish the health of ticks and marks where it changed; before the first book only bad news is news.

    Bad news is said again while it lasts: whoever starts hears of it within his look-back.
    """
    messages: list[MarketEvent] = []
    said, said_ms = dict(view.said), dict(view.said_ms)
    for channel, of_marks in ((TICK, False), (MARK, True)):
        ill = view.worst(of_marks=of_marks)
        lasts = ill.state is not FeedState.LIVE
        again = lasts and now.wall_ms - said_ms.get(channel, now.wall_ms) >= ILL_AGAIN_MS
        if said.get(channel) is ill.state and not again:
            continue
        if channel not in said and ill.state in _EXPECTED[of_marks or view.heard_ms is None]:
            continue
        said[channel], said_ms[channel] = ill.state, now.wall_ms
        messages.append(_status(view, channel, ill, now))
    return msgspec.structs.replace(view, said=said, said_ms=said_ms), tuple(messages)


def _status(view: SymbolState, channel: str, ill: Unhealthy, now: Now) -> FeedStatus:
    return FeedStatus(
        venue=view.venue,
        symbol=view.symbol,
        channel=channel,
        state=ill.state,
        age_ms=now.wall_ms - view.heard_ms if view.heard_ms is not None else 0,
        detail=ill.detail,
        time_ms=now.market_ms,
    )


def _may(latest: Conflated, now: Now, pace: PublishPace) -> bool:
    return latest.sent_ms is None or now.wall_ms - latest.sent_ms >= pace.of(latest.message)


def _with(view: SymbolState, name: str, paced: Conflated) -> SymbolState:
    return msgspec.structs.replace(view, paced={**view.paced, name: paced})


def _without(view: SymbolState, name: str) -> SymbolState:
    """Drop what waits of a kind, keep when it was last sent."""
    latest = view.paced.get(name)
    if latest is None or not latest.waits:
        return view
    return _with(view, name, msgspec.structs.replace(latest, waits=False))
