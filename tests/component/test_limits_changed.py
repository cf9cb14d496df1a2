"""Limits that a person changes while the gate judges: recorded, in force for the very next order, and for good."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.control import LimitChanged
from opensqt.runtime.journal.reading import decode_row
from tests.component.test_risk_service import House

TIGHT = {"field": "order_notional_quote_max", "value": "450", "reason": "news", "actor": "alice"}


async def _change(house: House, **words: Any) -> dict[str, Any]:
    return await house.context.actions["/limits"](TIGHT | words)


async def _outcome(house: House, number: int) -> str:
    """Say an order of 499.5 USDT and return why it was refused."""
    await house.say(await house.place(number, quantity=Decimal("0.010")))
    refused = [one for one in house.refusals() if one.intent_id == f"intent-{number}"]
    return refused[0].reason if refused else ""


def _recorded(house: House) -> list[LimitChanged]:
    facts = [decode_row(row) for row in house.store.rows]
    return [fact for fact in facts if isinstance(fact, LimitChanged)]


@pytest.mark.row("G02", "E09", "I19")
async def test_a_limit_counts_for_the_very_next_order_and_after_a_restart() -> None:
    """Who changed what, from what and why is one event of the journal; the gate that comes next finds it there."""
    house = House()
    async with house.open() as gate:
        assert await _outcome(house, 1) == ""
        said = await _change(house)
        assert said == {"field": TIGHT["field"], "before": "2000", "after": "450"}
        assert await _outcome(house, 2) == "order_notional"
        (change,) = _recorded(house)
        assert (change.before, change.after) == ("2000", "450")
        assert (change.reason, change.actor) == ("news", "alice")
        assert gate.status()["limits_changed"] == {TIGHT["field"]: "450"}
    async with house.open() as gate:
        assert gate.status()["limits_changed"] == {TIGHT["field"]: "450"}
        assert await _outcome(house, 3) == "order_notional"
        await _change(house, value="configured")
        assert gate.status()["limits_changed"] == {}
        assert await _outcome(house, 4) == ""


@pytest.mark.row("E09", "E16", "I12")
@pytest.mark.parametrize(
    "field, value, reason",
    [
        ("position_notional_quote_max", "400", "position_notional"),
        ("exposure_notional_quote_max", "900", "exposure_notional"),
        ("asset_notional_quote_max", "900", "asset_notional"),
        ("margin_health_min", "1", "margin_health"),
        ("price_collar_bps", "1", "price_collar"),
        ("open_orders_max", "1", "open_orders"),
    ],
)
async def test_each_limit_that_may_change_is_obeyed(field: str, value: str, reason: str) -> None:
    """The order that passed a moment ago is refused by the limit that was changed."""
    house = House()
    async with house.open():
        assert await _outcome(house, 1) == ""
        assert "why" not in await _change(house, field=field, value=value)
        assert await _outcome(house, 2) == reason


@pytest.mark.row("I19")
@pytest.mark.parametrize(
    "words, why",
    [
        ({"field": "currency", "value": "EUR"}, "risk.currency cannot be changed while"),
        ({"field": "rates"}, "risk.rates cannot be changed while"),
        ({"field": "venues.binance.deadline_ms"}, "cannot be changed while"),
        ({"field": ""}, "cannot be changed while"),
        ({"value": "much"}, 'risk.order_notional_quote_max = "much": expected'),
        ({"value": "-1"}, "above 0"),
        ({"value": "NaN"}, "expected"),
        ({"value": "4000.01"}, "at most 4000, 2 times what is configured"),
        ({"field": "open_orders_max", "value": "1.5"}, "risk.open_orders_max"),
        ({"reason": " "}, "expected some words"),
    ],
)
async def test_what_must_not_change_is_refused_by_name_and_changes_nothing(
    words: dict[str, str], why: str
) -> None:
    """Neither what the desk is, nor to what no configuration may say, nor beyond the line behind the gate."""
    house = House()
    async with house.open() as gate:
        said = await _change(house, **words)
        assert said["refused"] is True
        assert why in said["why"]
        assert _recorded(house) == []
        assert gate.status()["limits_changed"] == {}
        assert "why" not in await _change(house, value="4000"), "at the executor's cap"


async def test_without_its_journal_nothing_changes() -> None:
    """What is not recorded does not count; the answer says where to look."""
    house = House()
    async with house.open() as gate:
        house.journal.down = True
        said = await _change(house)
        assert "the journal does not answer" in said["why"]
        house.journal.down = False
        assert gate.status()["limits_changed"] == {}
        assert await _outcome(house, 1) == ""
