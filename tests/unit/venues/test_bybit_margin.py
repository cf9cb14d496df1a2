"""What Bybit tells of the margin of a unified account; the answer is of the shape that its documentation shows."""

import json
from decimal import Decimal

import pytest

from opensqt.domain.instruments import Market
from opensqt.venues.bybit.account import BybitAccountEndpoints


@pytest.mark.row("F10")
@pytest.mark.parametrize("rate, health", [("0.35", "0.65"), ("0", "1"), ("", None)])
def test_the_wallet_tells_what_share_of_it_maintenance_takes(rate: str, health: str | None) -> None:
    """`accountMMRate`; where it is empty nothing is known."""
    wallet = {"accountType": "UNIFIED", "accountMMRate": rate, "coin": []}
    answer = {"retCode": 0, "retMsg": "OK", "result": {"list": [wallet]}, "time": 1}
    query = BybitAccountEndpoints().balances(frozenset(Market))["wallet"]
    told = query.read(json.dumps(answer).encode(), {}).margin_health
    assert told == (None if health is None else Decimal(health))
