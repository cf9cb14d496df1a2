"""How far the margin of a unified account is from being liquidated, each venue's own figure on one scale. Pure.

1: nothing is bound by positions. 0: the account is being liquidated. A figure that a venue leaves out, or writes as 0
where there is no position to speak of, is unknown: None.
"""

from decimal import Decimal

from opensqt.domain.decimals import EXACT, ONE, ZERO


def of_maintenance_share(share: Decimal) -> Decimal:
    """Return it from maintenance margin over equity, liquidated at 1: `accountMMRate` of Bybit."""
    return _bounded(ONE - share)


def of_equity_multiple(multiple: Decimal) -> Decimal | None:
    """Return it from equity over maintenance margin, liquidated at 1: `uniMMR` of Binance, `mgnRatio` of OKX."""
    return _bounded(ONE - EXACT.divide(ONE, multiple)) if multiple > 0 else None


def _bounded(health: Decimal) -> Decimal:
    return min(max(health, ZERO), ONE)
