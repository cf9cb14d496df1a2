"""The health of a unified margin: each venue's own figure on one scale from 0 to 1."""

from decimal import Decimal

import pytest

from opensqt.domain.margin_health import of_equity_multiple, of_maintenance_share


@pytest.mark.row("F10")
@pytest.mark.parametrize(
    "share, health", [("0", "1"), ("0.3", "0.7"), ("1", "0"), ("1.2", "0"), ("0.0012", "0.9988")]
)
def test_the_share_that_maintenance_takes_of_equity(share: str, health: str) -> None:
    """Bybit's accountMMRate: liquidated at 1, never below 0 here."""
    assert of_maintenance_share(Decimal(share)) == Decimal(health)


@pytest.mark.row("F10")
@pytest.mark.parametrize(
    "multiple, health",
    [("1", "0"), ("2", "0.5"), ("4", "0.75"), ("0.9", "0"), ("1000", "0.999"), ("0", None)],
)
def test_the_multiple_of_maintenance_that_equity_is(multiple: str, health: str | None) -> None:
    """Binance's uniMMR and OKX's mgnRatio: liquidated at 1; 0 is said where nothing is held, and tells nothing."""
    found = of_equity_multiple(Decimal(multiple))
    assert found == (None if health is None else Decimal(health))
