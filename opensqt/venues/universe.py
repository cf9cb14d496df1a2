"""Reads the universe of a venue: what it lists now, and the past of perpetuals. Needs no key, decides nothing.

The requests and their words are ccxt's unified ones, which all venues of the house have; ccxt paces them by its own
table of costs, to the part of our share that is the feed's.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from opensqt.domain.decimals import EXACT, ZERO, NotADecimal, from_foreign
from opensqt.domain.instruments import Market
from opensqt.domain.venue import VenueDown
from opensqt.portfolio.scan import PerpPast
from opensqt.portfolio.universe import ListedLeg, PairLeg, UniverseTerms
from opensqt.venues.engine.instrument import TRADED_TYPES, Instrument
from opensqt.venues.engine.rest import VenueRest

if TYPE_CHECKING:
    from opensqt.venues.engine.client import VenueClient

DAYS = 30  # of closing prices
DAY = "1d"
CLOSE = 4  # of a candle's columns

Row = Mapping[str, Any]


class VenueUniverse:
    """The public lists of one venue; `share` is which part of its published limits may be used here."""

    def __init__(self, rest: VenueRest, terms: UniverseTerms, share: Decimal) -> None:
        self._rest = rest
        self._terms = terms
        self._share = share
        self._turns = asyncio.Semaphore(terms.reads_at_once_max)

    async def listed(self) -> tuple[ListedLeg, ...]:
        """Return every spot market and every linear perpetual that the venue prices; raise `VenueDown`."""
        client = await self._client()
        rows: dict[str, Row] = {}
        for market in Market:
            words = self._rest.dialect.ticker_words.get(market, {})
            told = {"type": TRADED_TYPES[market], **words}
            rows |= await self._asked(partial(client.fetch_tickers, None, told))
        fundings = await self._asked(client.fetch_funding_rates)
        hours = await self._hours()
        found = []
        for symbol in sorted(rows):
            at = self._rest.listing.traded.get(symbol)
            price = _number(rows[symbol], "last")
            if at is None or not price:
                continue
            funding = fundings.get(symbol)
            if at.market is Market.PERP and (
                funding is None or _number(funding, "fundingRate") is None
            ):
                continue
            found.append(self._leg(at, rows[symbol], price, funding or {}, hours))
        return tuple(found)

    async def pasts(self, legs: Sequence[ListedLeg], say: Callable[[str, PerpPast], None]) -> None:
        """Read pasts of perpetuals and `say` each; raise `VenueDown` where the venue bars us; what was said holds."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for one in legs:
                    tasks.create_task(self._in_turn(one, say))
        except* VenueDown as several:
            raise several.exceptions[0] from several

    async def close(self) -> None:
        """Disconnect."""
        await self._rest.close()

    async def _in_turn(self, leg: ListedLeg, say: Callable[[str, PerpPast], None]) -> None:
        """Read one to its end before the next begins, so that a scan which is cut short has read some."""
        async with self._turns:
            await self._past(leg, say)

    async def _past(self, leg: ListedLeg, say: Callable[[str, PerpPast], None]) -> None:
        client, terms, symbol = await self._client(), self._terms, leg.leg.symbol
        rates = await self._told(
            lambda: client.fetch_funding_rate_history(symbol, None, terms.intervals)
        )
        candles = await self._told(lambda: client.fetch_ohlcv(symbol, DAY, None, DAYS))
        has = client.has.get("fetchOpenInterest")
        interest = await self._told(lambda: client.fetch_open_interest(symbol)) if has else None
        say(
            symbol,
            PerpPast(
                read_at_ms=self._rest.clock.wall_ms(),
                rates=_column(rates, "fundingRate"),
                closes=_column(candles, CLOSE),
                open_interest_quote=_interest(interest or {}, leg.price),
            ),
        )

    async def _told(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Return an answer, or None where the venue has none; raise `VenueDown` where it bars us."""
        client = await self._client()
        try:
            return await self._asked(ask)
        except VenueDown:
            wait_s = client.barred_until_s - self._rest.clock.monotonic_s()
            if wait_s > 0:
                raise
            return None

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask once; raise `VenueDown`."""
        from ccxt.base.errors import BaseError

        try:
            return await ask()
        except BaseError as error:
            raise VenueDown(f"{self._rest.dialect.name}: {error}") from error

    async def _client(self) -> "VenueClient":
        await self._rest.listing.load()
        client = await self._rest.clients.connected()
        if not client.enableRateLimit:
            client.pace(self._share)
        return client

    async def _hours(self) -> Mapping[str, int]:
        """Return the real funding intervals of the perpetuals that have not the usual one."""
        query = self._rest.dialect.feed.funding_hours(frozenset({Market.PERP}))
        return {} if query is None else await self._rest.ask(query)

    def _leg(
        self, at: Instrument, row: Row, price: Decimal, funding: Row, hours: Mapping[str, int]
    ) -> ListedLeg:
        base, _, quote = at.symbol.partition(":")[0].partition("/")
        return ListedLeg(
            leg=PairLeg(venue=self._rest.dialect.name, symbol=at.symbol),
            base=base,
            quote=quote,
            volume_quote=_volume(at, row, price),
            price=price,
            funding_rate=_number(funding, "fundingRate") or ZERO,
            predicted_rate=_number(funding, "nextFundingRate"),
            interval_hours=hours.get(at.symbol, self._rest.dialect.feed.funding_hours_usual),
        )


def _volume(at: Instrument, row: Row, price: Decimal) -> Decimal | None:
    """Return what was traded in 24 hours, in quote units; where a venue counts contracts alone, at the price of now."""
    quote = _number(row, "quoteVolume")
    if quote is not None:
        return quote
    counted = _number(row, "baseVolume")
    return None if counted is None else EXACT.multiply(at.base_units(counted), price)


def _interest(row: Row, price: Decimal) -> Decimal | None:
    """Return the open interest in quote units, as it is told or at the price of now."""
    worth, base = _number(row, "openInterestValue"), _number(row, "openInterestAmount")
    if worth is not None or base is None:
        return worth
    return EXACT.multiply(base, price)


def _number(row: Row, name: str) -> Decimal | None:
    value = row.get(name)
    try:
        return None if value is None else from_foreign(value)
    except NotADecimal:
        return None


def _column(rows: Sequence[Any] | None, key: str | int) -> tuple[Decimal, ...] | None:
    """Return one column, oldest first, as ccxt sorts it; None where there is no answer or one is no number."""
    if rows is None:
        return None
    try:
        return tuple(from_foreign(row[key]) for row in rows)
    except (NotADecimal, LookupError, TypeError):
        return None
