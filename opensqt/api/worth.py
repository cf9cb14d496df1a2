"""What an account is worth, in the desk's currency: its wallets and its open perpetuals at the prices of now. Pure."""

from decimal import Decimal

from opensqt.api.codes import CallRefused, Code
from opensqt.api.view import DeskView
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import Market, market_of, rate_symbols
from opensqt.domain.profit import by_symbol, total

Account = tuple[str, str]  # venue, account


def account_of(view: DeskView, name: str) -> Account:
    """Return venue and name of an account, the only one where none is named; raise `CallRefused`."""
    known = view.config.accounts
    if not name and len(known) == 1:
        (name,) = known
    if name not in known:
        code = Code.NOT_FOUND if name else Code.INVALID
        raise CallRefused(code, f"account {name!r}: expected one of {', '.join(sorted(known))}")
    return known[name].venue, name


def rate_of(view: DeskView, venue: str, asset: str) -> Decimal | None:
    """Return what one unit of an asset is worth in the desk's currency; None while nobody knows."""
    risk, prices = view.risk(), view.quotes.prices()
    if asset == risk.currency:
        return Decimal(1)
    for symbol in rate_symbols(asset, risk.currency):
        if (venue, symbol) in prices:
            return prices[venue, symbol]
    return risk.rate(asset)


def wallet_worth(view: DeskView, account: Account) -> Decimal | None:
    """Return the wallets of an account in the desk's currency; None while one of them has no price."""
    held = [
        (asset, wallet.total)
        for (venue, name, _, asset), wallet in view.books.wallets.items()
        if (venue, name) == account and wallet.total != 0
    ]
    amounts = []
    for asset, amount in held:
        rate = rate_of(view, account[0], asset)
        amounts.append(None if rate is None else EXACT.multiply(amount, rate))
    return total(amounts)


def equity(view: DeskView, account: Account) -> Decimal | None:
    """Return wallets and what open perpetuals would bring; None while a price is unknown."""
    open_pnl = [
        earned.unrealized_pnl
        for earned in by_symbol(view.booked())
        if (earned.venue, earned.account) == account
        and market_of(earned.symbol) is Market.PERP
        and earned.quantity != 0
    ]
    return total((wallet_worth(view, account), *open_pnl))


def equity_of_all(view: DeskView) -> Decimal | None:
    """Return what all accounts are worth together."""
    accounts = view.config.accounts
    return total(equity(view, (one.venue, name)) for name, one in accounts.items())


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """Return a part of a whole to four digits; None where either is unknown or the whole is nothing."""
    if part is None or not whole:
        return None
    return round(EXACT.divide(part, whole), 4) if part else ZERO
