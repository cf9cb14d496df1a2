"""Binance's answers through the engine's judge: what one of them means for an order, by market and our id."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from opensqt.domain.instruments import Market
from opensqt.domain.venue import (
    CancelOutcome,
    InDoubt,
    LookOutcome,
    NotSent,
    PlaceOutcome,
    Throttled,
)
from opensqt.venues.binance.dialect import DIALECT as BINANCE
from opensqt.venues.engine import classify
from opensqt.venues.engine.classify import Judge, judge_each
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.response import VenueResponse

Outcome = TypeVar("Outcome")
SYMBOLS = {Market.SPOT: "BTC/USDT", Market.PERP: "BTC/USDT:USDT"}


def judge_place(
    market: Market, response: VenueResponse, name: str, symbols: Mapping[str, str]
) -> PlaceOutcome:
    """Judge the answer to a place."""
    return judge_batch(classify.judge_place, market, response, (name,), symbols)[0]


def judge_cancel(
    market: Market, response: VenueResponse, name: str, symbols: Mapping[str, str]
) -> CancelOutcome:
    """Judge the answer to a cancel."""
    return judge_batch(classify.judge_cancel, market, response, (name,), symbols)[0]


def judge_look(
    market: Market, response: VenueResponse, name: str, symbols: Mapping[str, str]
) -> LookOutcome:
    """Judge the answer to a look."""
    return judge_batch(classify.judge_look, market, response, (name,), symbols)[0]


def judge_batch(
    judge: Judge[Outcome],
    market: Market,
    response: VenueResponse,
    names: Sequence[str],
    symbols: Mapping[str, str],
) -> tuple[Outcome | Throttled | NotSent | InDoubt, ...]:
    """Judge each order of a batch."""
    at = Instrument(symbol=SYMBOLS[market], market=market, venue_symbol="BTCUSDT")
    return judge_each(judge, BINANCE, at, response, names, {market: symbols})


def trouble_of(market: Market, response: VenueResponse) -> str:
    """Name what is wrong with the venue."""
    return classify.trouble_of(BINANCE, market, response)


def retry_after_ms(response: VenueResponse) -> int | None:
    """Return how long an answer asks to wait."""
    return classify.throttled_ms(BINANCE, Market.SPOT, response)


def documented_doubt(market: Market, code: int) -> str:
    """Say why a documented code proves nothing."""
    return BINANCE.errors[market].doubts.get(str(code), "")
