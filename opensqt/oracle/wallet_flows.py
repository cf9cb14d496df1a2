"""What each asset of each wallet gained and lost, by kind of flow, and the funding that was paid. The judge's own."""

from collections import defaultdict
from decimal import Decimal

from opensqt.domain.account import Deposit, FundingPaid
from opensqt.domain.instruments import Side
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import Transferred
from opensqt.oracle.average_cost import NOTHING
from opensqt.oracle.tables import Row, moment

FLOWS = ("deposited", "traded", "realized_pnl", "fees", "funding", "transferred")
SPOT, PERP = "spot", "perp"


class WalletFlows:
    """All flows by venue, account, wallet and asset."""

    def __init__(self) -> None:
        self._flows: defaultdict[tuple[str, str, str, str], dict[str, Decimal]] = defaultdict(
            lambda: dict.fromkeys(FLOWS, NOTHING)
        )
        self._paid: dict[tuple[str, str, str], FundingPaid] = {}

    def traded(self, fill: Fill, gained: Decimal) -> None:
        """Take in a trade: on spot both assets change hands, a perpetual books what was gained; fees go off."""
        venue, account = fill.ref.venue, fill.ref.account
        base, quote, settle = assets(fill.ref.symbol)
        wallet = fill.wallet or (PERP if settle else SPOT)
        if settle:
            self._flows[venue, account, wallet, settle]["realized_pnl"] += gained
        else:
            units = signed(fill)
            self._flows[venue, account, wallet, base]["traded"] += units
            self._flows[venue, account, wallet, quote]["traded"] -= units * fill.price
        if fill.fee:
            self._flows[venue, account, wallet, fill.fee_asset]["fees"] += fill.fee

    def moved(self, message: Deposit | Transferred) -> None:
        """Take in what came from outside or from another wallet."""
        if isinstance(message, Deposit):
            key = (message.venue, message.account, message.wallet, message.asset)
            self._flows[key]["deposited"] += message.amount
            return
        for wallet, sign in ((message.from_wallet, -1), (message.to_wallet, 1)):
            known = {key[2] for key in self._flows if key[:2] == (message.venue, message.account)}
            if wallet in (SPOT, PERP) or wallet in known:
                key = (message.venue, message.account, wallet, message.asset)
                self._flows[key]["transferred"] += sign * message.amount

    def funded(self, paid: FundingPaid) -> bool:
        """Take in a funding payment; False when its income id was there before."""
        key = (paid.venue, paid.account, paid.income_id)
        if key in self._paid:
            return False
        self._paid[key] = paid
        self._flows[paid.venue, paid.account, paid.wallet or PERP, paid.asset]["funding"] += (
            paid.amount
        )
        return True

    def rows(self) -> dict[str, set[Row]]:
        """Return the rows of balances and funding."""
        return {
            "balances": {_balance(key, flows) for key, flows in self._flows.items()},
            "funding": {
                (*key, one.symbol, one.asset, one.amount, moment(one.time_ms))
                for key, one in self._paid.items()
            },
        }


def signed(fill: Fill) -> Decimal:
    """Return the base units that a trade bought, below zero when it sold."""
    return fill.quantity if fill.side is Side.BUY else -fill.quantity


def arrived(fill: Fill) -> Decimal:
    """Return what a trade adds to the position: a spot fee of the traded asset itself is not held."""
    base, _, settle = assets(fill.ref.symbol)
    kept = fill.fee if fill.fee_asset == base and not settle else NOTHING
    return signed(fill) - kept


def assets(symbol: str) -> tuple[str, str, str]:
    """Return base, quote and settle asset (empty on spot)."""
    pair, _, settle = symbol.partition(":")
    base, _, quote = pair.partition("/")
    return base, quote, settle


def fee_in_quote(fill: Fill) -> Decimal:
    """Return a fee in quote units; one in a third asset has no price here."""
    base, quote, settle = assets(fill.ref.symbol)
    if fill.fee_asset in (quote, settle):
        return fill.fee
    return fill.fee * fill.price if fill.fee_asset == base else NOTHING


def _balance(key: tuple[str, str, str, str], flows: dict[str, Decimal]) -> Row:
    gained = (amount for name, amount in flows.items() if name != "fees")
    total = sum(gained, NOTHING) - flows["fees"]
    return (*key, total, *(flows[name] for name in FLOWS))
