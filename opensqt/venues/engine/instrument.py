"""Instruments as an order's way to the venue needs them: names, and the unit in which the venue counts. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.decimals import EXACT, ONE, canonical, from_foreign
from opensqt.domain.instruments import InstrumentRules, Market, market_of
from opensqt.domain.venue import OrderView, TradeView
from opensqt.domain.wallets import serving

TRADED_TYPES = {Market.SPOT: "spot", Market.PERP: "swap"}  # ccxt's words
# By market, our symbol of each of the venue's.
Symbols = Mapping[Market, Mapping[str, str]]


class Instrument(msgspec.Struct, frozen=True, kw_only=True):
    """A listed instrument; a contract is `contract_size` base units, 1 where the venue counts base units."""

    symbol: str
    market: Market
    venue_symbol: str
    wallet: str = ""  # in which its trades are booked
    contract_size: Decimal = ONE

    def contracts(self, quantity: Decimal) -> Decimal:
        """Return a quantity of base units as the venue counts it."""
        if self.contract_size == ONE:
            return quantity
        return trimmed(EXACT.divide(quantity, self.contract_size))

    def base_units(self, quantity: Decimal) -> Decimal:
        """Return a quantity of the venue's in base units."""
        if self.contract_size == ONE:
            return quantity
        return trimmed(EXACT.multiply(quantity, self.contract_size))

    def order(self, view: OrderView) -> OrderView:
        """Return an order of ours as the venue shows it, in base units."""
        if self.contract_size == ONE:
            return view
        return msgspec.structs.replace(
            view,
            quantity=self.base_units(view.quantity),
            filled_quantity=self.base_units(view.filled_quantity),
        )

    def trade(self, view: TradeView) -> TradeView:
        """Return a trade of ours as the venue shows it, in base units and with the wallet that it moved."""
        quantity = self.base_units(view.quantity)
        return msgspec.structs.replace(view, quantity=quantity, wallet=self.wallet)


def instruments_of(listing: Mapping[str, Any], wallets: Sequence[str]) -> dict[str, Instrument]:
    """Return what can be traded of ccxt's markets, by our symbol: spot and linear perpetuals."""
    found = {}
    for symbol, listed in listing.items():
        market = market_of(symbol)
        if listed["type"] == TRADED_TYPES[market] and not listed.get("inverse"):
            found[symbol] = Instrument(
                symbol=symbol,
                market=market,
                venue_symbol=str(listed["id"]),
                wallet=serving(wallets, market),
                contract_size=contract_size_of(listed),
            )
    return found


def symbols_of(instruments: Mapping[str, Instrument]) -> Symbols:
    """Return our symbols by the venue's, by market."""
    found: dict[Market, dict[str, str]] = {market: {} for market in Market}
    for at in instruments.values():
        found[at.market][at.venue_symbol] = at.symbol
    return found


def rules_of(
    venue: str,
    listing: Mapping[str, Any],
    symbol: str,
    filters: Mapping[str, Any],
    *,
    fees: tuple[Decimal, Decimal] | None,
    time_ms: int,
) -> InstrumentRules:
    """Return the rules of a listed symbol in base units; without `fees` the venue's list fees."""
    listed = listing[symbol]
    maker, taker = fees or (
        from_foreign(filters.get("maker_fee", listed["maker"])),
        from_foreign(filters.get("taker_fee", listed["taker"])),
    )
    size = contract_size_of(listed)
    counted = ("quantity_step", "quantity_min", "quantity_max", "position_max")
    amounts = {name: EXACT.multiply(filters[name], size) for name in counted if name in filters}
    return InstrumentRules(
        venue=venue,
        symbol=symbol,
        market=market_of(symbol),
        venue_symbol=str(listed["id"]),
        base=listed["base"],
        quote=listed["quote"],
        settle=listed.get("settle") or "",
        contract_size=size,
        time_ms=time_ms,
        **{**filters, **amounts, "maker_fee": maker, "taker_fee": taker},
    )


def contract_size_of(listed: Mapping[str, Any]) -> Decimal:
    """Return the base units of a contract of one of ccxt's markets."""
    return from_foreign(listed.get("contractSize") or 1)


def trimmed(number: Decimal) -> Decimal:
    """Drop trailing zeros behind the point, exactly."""
    text = canonical(number)
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)
