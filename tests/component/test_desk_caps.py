"""What the running gate refuses for the sake of the whole desk: other accounts and strategies count, with approvals."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.instruments import Side
from tests.component.test_risk_service import House

HALF = Decimal("0.010")  # about 500 USDT


async def _capped(house: House, field: str, value: str) -> None:
    words = {"field": field, "value": value, "reason": "test", "actor": "alice"}
    assert "why" not in await house.context.actions["/limits"](words)


async def _asks(house: House, number: int, **changes: Any) -> str:
    """Say an opening and return why it was refused."""
    await house.say(await house.place(number, quantity=HALF, **changes))
    return next((r.reason for r in house.refusals() if r.intent_id == f"intent-{number}"), "")


@pytest.mark.row("I12")
@pytest.mark.parametrize(
    "field, short",
    [
        ("exposure_notional_quote_max", "exposure_notional"),
        ("asset_notional_quote_max", ""),  # it hedges the others
    ],
)
async def test_two_accounts_and_strategies_share_the_room_of_the_desk(
    field: str, short: str
) -> None:
    """Two orders fill what is allowed, wherever they are and though no executor has taken them yet."""
    house = House()
    async with house.open():
        await _capped(house, field, "1010")
        assert await _asks(house, 1) == ""
        assert await _asks(house, 2, account="second", strategy="carry") == ""
        reason = field.removesuffix("_quote_max")
        assert await _asks(house, 3, account="third", strategy="maker") == reason
        sell = {"side": Side.SELL, "price": Decimal(50_100)}
        assert await _asks(house, 4, account="third", strategy="maker", **sell) == short


@pytest.mark.row("I12")
async def test_a_refusal_holds_what_the_rest_of_the_desk_comes_to() -> None:
    """The record has the figures that it was judged by, and the cap that a person set."""
    house = House()
    async with house.open():
        await _capped(house, "exposure_notional_quote_max", "700")
        assert await _asks(house, 1, account="second", strategy="carry") == ""
        assert await _asks(house, 2) == "exposure_notional"
        (refusal,) = house.refusals()
        assert refusal.grounds is not None
        assert refusal.grounds.aggregate is not None
        assert refusal.grounds.aggregate.elsewhere_notional == HALF * Decimal("50000.1")
        assert refusal.grounds.limits.exposure_notional_quote_max == 700


@pytest.mark.row("E09")
async def test_leverage_is_of_the_account_that_asks() -> None:
    """400 USDT carry an order of 500 five times over, as the account is set, and not once."""
    house = House()
    async with house.open():
        assert await _asks(house, 1, account="poor") == ""
        await _capped(house, "leverage_max", "1")
        assert await _asks(house, 2, account="poor") == "leverage"
        assert await _asks(house, 3) == ""


@pytest.mark.row("E16")
async def test_an_account_of_which_no_balance_was_recorded_opens_nothing() -> None:
    """Nobody knows what it has."""
    house = House()
    async with house.open():
        assert await _asks(house, 1, account="unheard-of") == "funds_unknown"
