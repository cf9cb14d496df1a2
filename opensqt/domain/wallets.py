"""What an account holds its assets in: a wallet is named by the markets that it serves, one or several. Pure."""

import functools
from collections.abc import Iterable

from opensqt.domain.instruments import Market

JOINT = "+"


def wallet_of(markets: Iterable[Market]) -> str:
    """Return the name of the wallet that serves these markets."""
    return JOINT.join(sorted(markets))


@functools.cache
def serves(wallet: str, market: str) -> bool:
    """Tell whether trades in a market are booked in this wallet."""
    return market in wallet.split(JOINT)


def serving(wallets: Iterable[str], market: str) -> str:
    """Return which of the wallets serves a market; one of its own where none does."""
    return next((wallet for wallet in wallets if serves(wallet, market)), str(market))
