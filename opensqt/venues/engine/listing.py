"""What a venue lists: instruments by our symbols and rules from its own metadata, loaded once or anew."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.domain.venue import VenueDown
from opensqt.venues.engine.instrument import (
    Instrument,
    Symbols,
    instruments_of,
    rules_of,
    symbols_of,
)
from opensqt.venues.engine.lazy_client import LazyClient


class Listing:
    """The markets of one client, in our words."""

    def __init__(self, clients: LazyClient) -> None:
        self._clients = clients
        self._read: Mapping[str, Any] | None = None
        self._instruments: Mapping[str, Instrument] = {}
        self.loaded_symbols: Symbols = {market: {} for market in Market}

    async def load(self, *, reload: bool = False) -> Mapping[str, Any]:
        """Return ccxt's markets by unified symbol, loaded once or anew; raise `VenueDown`."""
        client = await self._clients.connected()
        from opensqt.venues.engine.client import load_markets

        barred_s = client.barred_until_s - self._clients.clock.monotonic_s()
        if barred_s > 0 and (reload or not client.markets):
            # To ask on would make a ban longer.
            raise VenueDown(
                f"the listing is not asked for: the venue lets us wait {barred_s:.0f} s"
            )
        listing = await load_markets(client, reload=reload)
        if self._read is not listing:
            self._read = listing
            self._instruments = instruments_of(listing, self._clients.dialect.wallets)
            self.loaded_symbols = symbols_of(self._instruments)
        return listing

    @property
    def traded(self) -> Mapping[str, Instrument]:
        """Everything of the listing that was loaded last that can be traded, by our symbol."""
        return self._instruments

    async def symbols(self) -> Symbols:
        """Return our symbol of each of the venue's symbols, by market; raise `VenueDown`."""
        await self.load()
        return self.loaded_symbols

    async def instrument(self, symbol: str) -> Instrument:
        """Return an instrument by our symbol; raise `VenueDown` or `LookupError`."""
        await self.load()
        market = market_of(symbol)
        if market not in self._clients.markets:
            # No strategy trades there any more, an order of one may still live.
            self._clients.list_also(market)
            await self.load(reload=True)
        return self.known(symbol)

    async def rules(
        self, symbol: str, *, fees: tuple[Decimal, Decimal] | None, reload: bool = False
    ) -> InstrumentRules:
        """Return the rules of a symbol; without `fees` the venue's list fees; raise `VenueDown` or `LookupError`."""
        listing = await self.load(reload=reload)
        self.known(symbol)
        dialect = self._clients.dialect
        return rules_of(
            dialect.name,
            listing,
            symbol,
            dialect.metadata.filters(listing[symbol], market_of(symbol)),
            fees=fees,
            time_ms=self._clients.clock.market_ms(),
        )

    def known(self, symbol: str) -> Instrument:
        """Return an instrument of the listing that was loaded last; raise `LookupError`."""
        try:
            return self._instruments[symbol]
        except KeyError as error:
            venue = self._clients.dialect.name
            raise LookupError(
                f"symbol {symbol!r} is not traded at {venue}; write it like BTC/USDT:USDT"
            ) from error
