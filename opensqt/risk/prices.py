"""What the gate takes a symbol and an asset to be worth: by the newest price of ours. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from opensqt.domain.decimals import ONE
from opensqt.domain.grounds import Worth
from opensqt.domain.instruments import quote_asset, rate_symbols
from opensqt.domain.market import Tick
from opensqt.domain.owned_positions import Place


class Prices:
    """The newest tick of every symbol, and the newest price at which an account got what it holds."""

    def __init__(self) -> None:
        self.ticks: dict[tuple[str, str], Tick] = {}  # venue, symbol
        self._traded: dict[Place, Decimal] = {}
        self.venues: dict[str, str] = {}  # by account; each is at one

    def show(self, tick: Tick) -> None:
        """Take in what the market shows."""
        self.ticks[tick.venue, tick.symbol] = tick

    def traded(self, place: Place, price: Decimal) -> None:
        """Take in at which price an account traded, or took a position over."""
        self._traded[place] = price

    def price(self, place: Place) -> Decimal | None:
        """Return the dearer side of a symbol, however old; None where nobody ever told one."""
        account, symbol = place
        tick = self.ticks.get((self.venues.get(account, ""), symbol))
        return tick.ask_price if tick is not None else self._traded.get(place)

    def worth(self, venue: str, symbol: str, currency: str) -> Worth | None:
        """Value the quote asset of a symbol: what a unit costs in the currency, which is the dearer side."""
        symbols = rate_symbols(quote_asset(symbol), currency)
        ticks = [self.ticks[venue, s] for s in symbols if (venue, s) in self.ticks]
        newest = max(ticks, key=lambda tick: tick.time_ms, default=None)
        return Worth(rate=newest.ask_price, rate_ms=newest.time_ms) if newest is not None else None

    def rate(
        self, account: str, asset: str, currency: str, stated: Mapping[str, Decimal]
    ) -> Decimal | None:
        """Return what one unit of an asset is worth in the currency; None where nobody tells."""
        if asset == currency:
            return ONE
        worth = self.worth(self.venues.get(account, ""), f"/{asset}", currency)
        return worth.rate if worth is not None else stated.get(asset)

    def value(self, place: Place, currency: str, stated: Mapping[str, Decimal]) -> Decimal | None:
        """Return what one base unit is worth in the currency; None where price or rate is not known."""
        price = self.price(place)
        rate = self.rate(place[0], quote_asset(place[1]), currency, stated)
        return price * rate if price is not None and rate is not None else None
