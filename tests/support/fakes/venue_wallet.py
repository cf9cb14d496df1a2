"""The wallets and positions of the in-memory venue; pure arithmetic, no amount is ever made from nothing."""

from decimal import Decimal

import msgspec

from opensqt.domain.account import SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side

ENTRY_STEP = Decimal("0.00000001")  # venues round the average entry price


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What a fill did: its fee, its realised profit, and the assets whose balance moved."""

    fee: Decimal
    fee_asset: str
    realized_pnl: Decimal
    assets: tuple[str, ...]


class MemoryWallet:
    """Spot wallet, perp wallet and netted positions of one account; both wallets start with the same balances."""

    def __init__(self, balances: dict[str, Decimal]) -> None:
        self._totals = {
            (market, asset): total for market in Market for asset, total in balances.items()
        }
        self._positions: dict[str, SnapshotPosition] = {}

    def total(self, market: Market, asset: str) -> Decimal:
        """Return a wallet balance, open orders included."""
        return self._totals.get((market, asset), ZERO)

    def add(self, market: Market, asset: str, amount: Decimal) -> None:
        """Change a wallet balance."""
        self._totals[market, asset] = self.total(market, asset) + amount

    def position(self, symbol: str) -> SnapshotPosition:
        """Return the net position of a perpetual, flat if there never was one."""
        flat = SnapshotPosition(symbol=symbol, quantity=ZERO, entry_price=ZERO)
        return self._positions.get(symbol, flat)

    def positions(self) -> tuple[SnapshotPosition, ...]:
        """Return the positions that are not flat, by symbol."""
        return tuple(p for _, p in sorted(self._positions.items()) if p.quantity != 0)

    def balances(self, reserved: dict[str, Decimal]) -> tuple[SnapshotBalance, ...]:
        """Return all balances; `reserved` is what open spot orders hold."""
        return tuple(
            SnapshotBalance(
                wallet=market.value,
                asset=asset,
                total=total,
                free=total - (reserved.get(asset, ZERO) if market is Market.SPOT else ZERO),
            )
            for (market, asset), total in sorted(self._totals.items())
        )

    def book(
        self,
        rule: InstrumentRules,
        side: Side,
        price: Decimal,
        quantity: Decimal,
        fee_rate: Decimal,
    ) -> Booked:
        """Book one fill; spot fees are taken from what is received, perp fees from the quote wallet."""
        if rule.market is Market.PERP:
            return self._book_perp(rule, side, price, quantity, fee_rate)
        received, asset = (
            (quantity, rule.base) if side is Side.BUY else (price * quantity, rule.quote)
        )
        fee = received * fee_rate
        self.add(Market.SPOT, rule.base, side.sign * quantity)
        self.add(Market.SPOT, rule.quote, -side.sign * price * quantity)
        self.add(Market.SPOT, asset, -fee)
        return Booked(fee=fee, fee_asset=asset, realized_pnl=ZERO, assets=(rule.base, rule.quote))

    def _book_perp(
        self,
        rule: InstrumentRules,
        side: Side,
        price: Decimal,
        quantity: Decimal,
        fee_rate: Decimal,
    ) -> Booked:
        before = self.position(rule.symbol)
        signed = side.sign * quantity
        closing = min(quantity, abs(before.quantity)) if before.quantity * signed < 0 else ZERO
        profit = (before.entry_price - price) * side.sign * closing
        fee = price * quantity * fee_rate
        after = before.quantity + signed
        self._positions[rule.symbol] = SnapshotPosition(
            symbol=rule.symbol,
            quantity=after,
            entry_price=_entry(before, signed, after, price),
        )
        self.add(Market.PERP, rule.settles_in, profit - fee)
        settle = rule.settles_in
        return Booked(fee=fee, fee_asset=settle, realized_pnl=profit, assets=(settle,))


def _entry(before: SnapshotPosition, signed: Decimal, after: Decimal, price: Decimal) -> Decimal:
    """Return the average entry price: moved by adding, kept by reducing, new after a flip."""
    if after == 0:
        return ZERO
    if before.quantity * after < 0 or before.quantity == 0:
        return price
    if before.quantity * signed < 0:
        return before.entry_price
    cost = before.entry_price * abs(before.quantity) + price * abs(signed)
    return EXACT.divide(cost, abs(after)).quantize(ENTRY_STEP)
