"""The venue's wallets of a World: what a trade costs, and in which asset; exact, from nothing of ours."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market, Side
from tests.support.fakes.venue_wallet import Booked, MemoryWallet

THIRD = "BNB"
THIRD_PRICE = Decimal(600)  # quote units, as the venue reckons
DUST = Decimal("0.00000001")  # to what a fee in a third asset is rounded
FREE = Decimal(0)


class FeesIn(StrEnum):
    """In which asset a venue takes its fees."""

    QUOTE = "quote"
    THIRD = "a third asset"
    RECEIVED = "what was received"  # on spot the base of a buy and the quote of a sell


class Purse(MemoryWallet):
    """Wallets whose fees are taken where the seed says."""

    def __init__(self, balances: dict[str, Decimal], fees_in: FeesIn) -> None:
        super().__init__(balances)
        self._fees_in = fees_in

    def book(
        self,
        rule: InstrumentRules,
        side: Side,
        price: Decimal,
        quantity: Decimal,
        fee_rate: Decimal,
    ) -> Booked:
        """Book one fill and take its fee."""
        booked = super().book(rule, side, price, quantity, FREE)
        fee, asset = price * quantity * fee_rate, rule.quote
        is_bought = rule.market is Market.SPOT and side is Side.BUY
        if self._fees_in is FeesIn.THIRD:
            fee, asset = (fee / THIRD_PRICE).quantize(DUST), THIRD
        elif self._fees_in is FeesIn.RECEIVED and is_bought:
            fee, asset = quantity * fee_rate, rule.base
        self.add(rule.market, asset, -fee)
        moved = tuple(dict.fromkeys((*booked.assets, asset)))
        return msgspec.structs.replace(booked, fee=fee, fee_asset=asset, assets=moved)
