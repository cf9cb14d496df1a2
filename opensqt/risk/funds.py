"""What every account has in its wallets and paid for its perpetuals, as a fold of the journal. Pure.

What a perpetual gained or lost is counted from what was paid for it and what it is worth now: nobody's average cost
is needed. Balances that the venue shows are compared with the books by the reconciler, not here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from opensqt.domain.account import Deposit, FundingPaid
from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import Market, market_of, quote_asset
from opensqt.domain.ledger_wallet import Flow, Wallet, booked_in, flows_of
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.owned_positions import OwnedPositions, Place
from opensqt.domain.recon_events import Transferred
from opensqt.domain.wallets import serves, serving
from opensqt.risk.prices import Prices

Shares = Mapping[str, Decimal]  # what a coin counts for as collateral, by asset


class AccountFunds:
    """The money of a desk, by account."""

    def __init__(self) -> None:
        self._wallets: defaultdict[str, defaultdict[str, defaultdict[str, Decimal]]] = defaultdict(
            lambda: defaultdict(lambda: defaultdict(Decimal))
        )
        self._paid: defaultdict[str, dict[Place, Decimal]] = defaultdict(dict)

    def fold(self, event: Event) -> None:
        """Take in a fact about balances; trades come by `book`."""
        if isinstance(event, Deposit):
            self._add(event.account, event.wallet, event.asset, event.amount)
        elif isinstance(event, FundingPaid):
            wallet = event.wallet or Market.PERP.value
            self._add(event.account, wallet, event.asset, event.amount)
        elif isinstance(event, Transferred):
            self._add(event.account, event.from_wallet, event.asset, -event.amount)
            self._add(event.account, event.to_wallet, event.asset, event.amount)

    def book(self, fill: Fill) -> None:
        """Take in a trade that was not known."""
        account, perp = fill.ref.account, market_of(fill.ref.symbol) is Market.PERP
        for asset, flow in flows_of(fill):
            self._add(account, booked_in(fill), asset, _kept(flow, perp=perp))
        self.hold((account, fill.ref.symbol), fill.side.sign * fill.quantity, fill.price)

    def hold(self, place: Place, quantity: Decimal, price: Decimal) -> None:
        """Take in that signed base units came to a place at a price; on spot they are money in another form."""
        if market_of(place[1]) is Market.PERP:
            paid = self._paid[place[0]]
            cost = EXACT.multiply(quantity, price)
            paid[place] = EXACT.add(paid.get(place, ZERO), cost)

    def joint(self, account: str) -> bool:
        """Tell whether one wallet of an account serves both markets."""
        return any(serves(name, "perp") and serves(name, "spot") for name in self._wallets[account])

    def free(self, account: str, asset: str) -> Decimal | None:
        """Return what the spot wallet holds of an asset, in its units; None where nothing is known of the account."""
        wallets = self._wallets[account]
        return wallets[serving(list(wallets), "spot")].get(asset, ZERO) if wallets else None

    def equity(
        self,
        account: str,
        positions: OwnedPositions,
        prices: Prices,
        currency: str,
        stated: Mapping[str, Decimal],
        shares: Shares,
    ) -> Decimal | None:
        """Return what stands behind an account's perpetuals, in the currency; None where a part has no price.

        Coins count at their share, without one for nothing; what is owed counts in full.
        """
        if not self._wallets[account]:
            return None
        settled = {place[1].partition(":")[2] for place in self._paid[account]} | {currency}
        total = ZERO
        for asset, amount in self._assets(account):
            weight = ONE if amount < 0 or asset in settled else shares.get(asset, ZERO)
            if not amount or not weight:
                continue
            rate = prices.rate(account, asset, currency, stated)
            if rate is None:
                return None
            total += amount * weight * rate
        for place, paid in self._paid[account].items():
            rate = prices.rate(account, quote_asset(place[1]), currency, stated)
            price = prices.price(place)
            if rate is None or price is None:
                return None
            total += (positions.net(place) * price - paid) * rate
        return total

    def _assets(self, account: str) -> Iterable[tuple[str, Decimal]]:
        for name, wallet in self._wallets[account].items():
            if serves(name, Market.PERP):
                yield from wallet.items()

    def _add(self, account: str, wallet: str, asset: str, amount: Decimal) -> None:
        assets = self._wallets[account][wallet]
        assets[asset] = EXACT.add(assets[asset], amount)


def _kept(flow: Flow, *, perp: bool) -> Decimal:
    """Return what a flow leaves in its wallet; what a perpetual realised is counted by what was paid for it."""
    return -flow.fees if perp else Wallet(traded=flow.traded, fees=flow.fees).total
