"""What an account owns at the venue: spot balances, and a USDⓈ-M cross wallet with one-way positions.

Balances only change by deposits, fills, fees, realised PnL and funding: deposits + realised + funding - fees is the
perp balance to the last digit. There is no liquidation engine: `PerpWallet.available` may go below zero, and a hook
for liquidation belongs where `exchange.Exchange.tick` settles funding. No I/O, no clock.
"""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.simulation.engine.orders import VenueOrder

GRAIN = Decimal("0.00000001")
ENTRY_GRAIN = Decimal("0.000000000001")
LEVERAGE_DEFAULT = 5
SETTLE_ASSET = "USDT"


def rounded(number: Decimal) -> Decimal:
    """Round an amount to the eight digits a venue reports and books."""
    return number.quantize(GRAIN, ROUND_HALF_EVEN, context=EXACT)


class Holding(msgspec.Struct, kw_only=True):
    """A spot balance (units of the asset)."""

    free: Decimal = ZERO
    locked: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """Free and locked together."""
        return self.free + self.locked


class MarginPosition(msgspec.Struct, kw_only=True):
    """A one-way position; quantity is signed base units, entry is the average price."""

    quantity: Decimal = ZERO
    entry_price: Decimal = ZERO
    leverage: int = LEVERAGE_DEFAULT
    realized_pnl: Decimal = ZERO
    updated_ms: int = 0

    def trade(self, side: Side, price: Decimal, quantity: Decimal) -> Decimal:
        """Book a fill and return the realised PnL (quote, 8 digits)."""
        held = abs(self.quantity)
        signed = quantity * side.sign
        if self.quantity * side.sign >= 0:
            cost = EXACT.multiply(held, self.entry_price) + EXACT.multiply(quantity, price)
            average = EXACT.divide(cost, held + quantity)
            self.entry_price = average.quantize(
                ENTRY_GRAIN, ROUND_HALF_EVEN, context=EXACT
            ).normalize(EXACT)
            self.quantity += signed
            return ZERO
        closed = min(held, quantity)
        gain = EXACT.multiply(closed, price - self.entry_price) * -side.sign
        self.quantity += signed
        if quantity > held:
            self.entry_price = price
        elif self.quantity == 0:
            self.entry_price = ZERO
        realized = rounded(gain)
        self.realized_pnl += realized
        return realized

    def unrealized(self, mark: Decimal) -> Decimal:
        """Unrealised PnL at a mark price (quote, 8 digits)."""
        return rounded(EXACT.multiply(self.quantity, mark - self.entry_price))


class PerpWallet(msgspec.Struct, kw_only=True):
    """A USDⓈ-M cross wallet in one asset; the totals since birth make the identity checkable."""

    balance: Decimal = ZERO
    positions: dict[str, MarginPosition] = {}
    deposited: Decimal = ZERO
    realized_pnl: Decimal = ZERO
    funding: Decimal = ZERO
    fees: Decimal = ZERO
    leverage: int = LEVERAGE_DEFAULT  # with which positions begin

    def position(self, symbol: str) -> MarginPosition:
        """The position of a symbol, flat where there was none."""
        return self.positions.setdefault(symbol, MarginPosition(leverage=self.leverage))

    def unrealized(self, marks: Mapping[str, Decimal]) -> Decimal:
        """Unrealised PnL of all positions (quote)."""
        return sum(
            (held.unrealized(marks[symbol]) for symbol, held in self.positions.items()), ZERO
        )

    def margins(
        self, symbol: str, mark: Decimal, orders: Iterable[VenueOrder]
    ) -> tuple[Decimal, Decimal]:
        """Initial margin of a symbol's position and of its open orders beyond that (quote, on mark)."""
        position = self.position(symbol)
        notional = EXACT.multiply(position.quantity, mark)
        bids, asks = ZERO, ZERO
        for order in orders:
            worth = EXACT.multiply(order.remaining, order.price)
            if order.reduce_only:
                continue
            bids, asks = (bids + worth, asks) if order.side is Side.BUY else (bids, asks + worth)
        worst = max(abs(notional + bids), abs(notional - asks), abs(notional))
        share = EXACT.divide(ONE, Decimal(position.leverage))
        held = rounded(EXACT.multiply(abs(notional), share))
        return held, rounded(EXACT.multiply(worst, share)) - held

    def available(
        self, marks: Mapping[str, Decimal], orders: Mapping[str, list[VenueOrder]]
    ) -> Decimal:
        """Balance plus unrealised PnL less all initial margin (quote); may be negative."""
        bound = ZERO
        for symbol in {*self.positions, *orders}:
            bound += sum(self.margins(symbol, marks[symbol], orders.get(symbol, [])), ZERO)
        return self.balance + self.unrealized(marks) - bound


class SimulatedAccount(msgspec.Struct, kw_only=True):
    """One simulated account: spot, and a cross wallet for each asset that perpetuals settle in.

    Where it has `one_wallet`, all money is in `spot`; a cross wallet then holds positions and sums, its balance is 0.
    """

    name: str
    spot: dict[str, Holding] = {}
    perp: PerpWallet  # in USDT
    perp_others: dict[str, PerpWallet] = {}
    updated_ms: int = 0
    one_wallet: bool = False

    def wallet(self, asset: str) -> PerpWallet:
        """The cross wallet of a settlement asset, empty where there was none."""
        if asset == SETTLE_ASSET:
            return self.perp
        return self.perp_others.setdefault(asset, PerpWallet(leverage=self.perp.leverage))

    @property
    def wallets(self) -> dict[str, PerpWallet]:
        """All cross wallets by their asset."""
        return {SETTLE_ASSET: self.perp, **self.perp_others}

    def holding(self, asset: str) -> Holding:
        """The spot balance of an asset, empty where there was none."""
        return self.spot.setdefault(asset, Holding())

    def balance(self, asset: str) -> Decimal:
        """What perpetuals that settle in an asset are paid from, all of it."""
        return self.holding(asset).total if self.one_wallet else self.wallet(asset).balance

    def available(
        self, asset: str, marks: Mapping[str, Decimal], orders: Mapping[str, list[VenueOrder]]
    ) -> Decimal:
        """What of a settlement asset is bound neither by orders nor as margin; may be negative."""
        own = self.holding(asset).free if self.one_wallet else ZERO
        return own + self.wallet(asset).available(marks, orders)


def born(
    name: str,
    balances: Mapping[str, Decimal],
    settles: Iterable[str] = (),
    *,
    one_wallet: bool = False,
    leverage: int = LEVERAGE_DEFAULT,
) -> SimulatedAccount:
    """Make an account: all assets in the spot wallet, and those that perpetuals settle in again in a wallet of each.

    With `one_wallet` nothing is there twice.
    """
    spot = {asset: Holding(free=amount) for asset, amount in balances.items()}
    account = SimulatedAccount(
        name=name, spot=spot, perp=PerpWallet(leverage=leverage), one_wallet=one_wallet
    )
    for asset in {SETTLE_ASSET, *settles}:
        wallet = account.wallet(asset)
        wallet.balance = wallet.deposited = ZERO if one_wallet else balances.get(asset, ZERO)
    return account


class SpotClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a resting spot order locks: an asset and an amount."""

    asset: str
    amount: Decimal


def spot_claim(order: VenueOrder, rules: InstrumentRules) -> SpotClaim:
    """State what the unfilled part of a limit order locks."""
    if order.side is Side.BUY:
        return SpotClaim(asset=rules.quote, amount=EXACT.multiply(order.remaining, order.price))
    return SpotClaim(asset=rules.base, amount=order.remaining)
