"""Orders by hand over the API: on record once, answered with their end, each refusal with a code of its own."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.api.call import Deed, KeyScope
from opensqt.api.hand_acts import cancel_all_orders
from opensqt.api.hand_shapes import AllOrders
from opensqt.domain.control import MANUAL_OWNER, OrderedByHand
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Canceled, Rejected
from opensqt.runtime.codec import decode
from tests import scenes
from tests.callers import Callers, calling
from tests.conditions import until
from tests.simulation.strategy_facts import PERP

PLACE, CANCEL = "ExchangeService.PlaceOrder", "ExchangeService.CancelOrder"
ORDER = {"symbol": PERP, "side": "buy", "quantity": "0.01", "price": "59000", "reason": "hunch"}
Told = Callable[[PlaceIntent], Sequence[Event]]


async def _wishes(callers: Callers) -> list[OrderedByHand]:
    rows = await callers.stage.house.journal.read(0, 10_000)
    found = (decode(row.data) for row in rows)
    return [one for one in found if isinstance(one, OrderedByHand)]


async def _answer(callers: Callers, number: int, told: Told) -> None:
    """Say what became of wish `number`, as risk and an executor do."""

    async def there() -> bool:
        return len(await _wishes(callers)) > number

    await until(there)
    place = (await _wishes(callers))[number].place
    assert place is not None
    await callers.stage.record(*told(place))


def _rests(place: PlaceIntent) -> list[Event]:
    ref = scenes.reference(MANUAL_OWNER, PERP, place.slot[:8])
    mine = msgspec.structs.replace(ref, intent_id=place.intent_id)
    return scenes.placed(mine, place.slot, place.side, place.price, place.created_ms)


def _rejected(code: str, reason: str) -> Told:
    def told(place: PlaceIntent) -> list[Event]:
        first = _rests(place)[0]
        ref = getattr(first, "ref")  # noqa: B009  # an event of whichever kind
        end = Rejected(ref=ref, code=code, reason=reason, evidence_hash="", time_ms=first.time_ms)
        return [first, end]

    return told


def _refused(rule: str) -> Told:
    def told(place: PlaceIntent) -> list[Event]:
        no = scenes.refusal(place.created_ms)
        changes: dict[str, Any] = {"intent_id": place.intent_id, "place": place, "reason": rule}
        return [msgspec.structs.replace(no, **changes)]

    return told


@pytest.mark.row("G01", "I18")
async def test_an_order_by_hand_is_on_record_once_and_answered_with_its_order(
    tmp_path: Path, nats_url: str
) -> None:
    """The same once-key gives the same order over every transport; another order under it is a conflict."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        trade = callers.key(KeyScope.TRADE)
        for number, via in enumerate(callers.transports):
            once = trade | {"Once": f"first-{via}"}
            asking = asyncio.create_task(callers.ask(via, PLACE, ORDER, once))
            await _answer(callers, number, _rests)
            code, said = await asking
            assert (code, said["status"], said["strategy"]) == ("ok", "live", "manual")
            assert await callers.ask(via, PLACE, ORDER, once) == (code, said)
            assert (await callers.ask(via, PLACE, ORDER | {"price": "1"}, once))[0] == "conflict"
            wishes = await _wishes(callers)
            assert len(wishes) == number + 1
            assert wishes[number].intent.intent_id == said["intent_id"]
            assert wishes[number].actor == f"key trade-10000 over {via}"


@pytest.mark.row("G06")
@pytest.mark.parametrize(
    "told, expected, words",
    [
        (_refused("balance"), "insufficient_funds", "balance"),
        (_refused("price_collar"), "not_approved", "price_collar"),
        (_rejected("-2019", "funds: Margin is insufficient."), "insufficient_funds", "Margin"),
        (_rejected("throttled", "retry after 500 ms"), "rate_limited", "retry after"),
        (_rejected("-5022", "post_only: would take"), "venue_refused", "would take"),
    ],
)
async def test_each_cause_of_a_refusal_has_its_code(
    tmp_path: Path, nats_url: str, told: Told, expected: str, words: str
) -> None:
    """Money, rate, venue and risk are told apart, and said again they answer the same."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        once = callers.key(KeyScope.TRADE) | {"Once": "one"}
        asking = asyncio.create_task(callers.ask("grpc", PLACE, ORDER, once))
        await _answer(callers, 0, told)
        code, said = await asking
        assert code == expected
        assert words in said["detail"]
        assert (await callers.ask("grpc", PLACE, ORDER, once))[0] == expected
        assert len(await _wishes(callers)) == 1


@pytest.mark.row("G01")
async def test_an_answer_that_came_too_late_is_had_under_the_same_key(
    tmp_path: Path, nats_url: str
) -> None:
    """While nobody judges, the caller hears that the wish is on record; asked again the order is there, once."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        once = callers.key(KeyScope.TRADE) | {"Once": "late"}
        code, said = await callers.ask("http", PLACE, ORDER, once)
        assert code == "unavailable"
        assert "on record" in said["detail"]
        assert (await callers.ask("http", PLACE, ORDER | {"price": "1"}, once))[0] == "conflict"
        await _answer(callers, 0, _rests)
        code, said = await callers.ask("http", PLACE, ORDER, once)
        assert (code, said["status"]) == ("ok", "live")
        assert len(await _wishes(callers)) == 1


@pytest.mark.row("G01")
async def test_several_orders_go_on_record_together_and_end_each_for_itself(
    tmp_path: Path, nats_url: str
) -> None:
    """One rests, one is refused: the answer names both."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        trade = callers.key(KeyScope.TRADE)
        batch = {"orders": [ORDER, ORDER | {"side": "sell", "price": "61000"}]}
        path = "ExchangeService.BatchPlaceOrders"
        asking = asyncio.create_task(callers.ask("http", path, batch, trade))
        await _answer(callers, 0, _rests)
        await _answer(callers, 1, _refused("self_trade"))
        code, said = await asking
        assert (code, said["all_success"], len(said["orders"])) == ("ok", False, 1)
        assert [(one["index"], one["error"]) for one in said["errors"]] == [(1, "not_approved")]


@pytest.mark.row("G01")
async def test_any_open_order_is_cancelled_by_hand(tmp_path: Path, nats_url: str) -> None:
    """The wish names the intent of the order; an order that has ended is not cancelled again."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        trade = callers.key(KeyScope.TRADE)
        _, known = await callers.ask("http", "ExchangeService.GetOpenOrders", {}, trade)
        line = known["orders"][0]
        order = line["client_order_id"]
        asking = asyncio.create_task(
            callers.ask("http", CANCEL, {"client_order_id": order, "reason": "no"}, trade)
        )

        async def wished() -> bool:
            return bool(await _wishes(callers))

        await until(wished)
        (wish,) = await _wishes(callers)
        assert wish.cancel is not None
        assert wish.cancel.target_intent_id == line["intent_id"]
        end = _canceled(line, wish.time_ms)
        await callers.stage.record(end)
        code, said = await asking
        assert (code, said["status"]) == ("ok", "canceled")
        code, said = await callers.ask("http", CANCEL, {"client_order_id": order}, trade)
        assert code == "refused"
        assert "canceled" in said["detail"]


@pytest.mark.row("G01")
async def test_all_orders_are_cancelled_though_the_gateway_died_after_it_had_begun(
    tmp_path: Path, nats_url: str
) -> None:
    """Said again while one has ended and another came: each order gets one wish, and none is a conflict."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        desk = callers.visitor.gateway._control
        every, deed = AllOrders(), Deed(actor="bob", call_id="a-call")
        trade = callers.key(KeyScope.TRADE)
        _, known = await callers.ask("http", "ExchangeService.GetOpenOrders", {}, trade)
        lines = known["orders"]

        async def wished(count: int) -> bool:
            return len(await _wishes(callers)) == count

        dying = asyncio.create_task(cancel_all_orders(desk, every, deed))
        await until(partial(wished, len(lines)))
        dying.cancel()
        await callers.stage.record(_canceled(lines[0], 1))
        await callers.place("late")
        asking = asyncio.create_task(cancel_all_orders(desk, every, deed))
        await until(partial(wished, len(lines) + 1))
        _, now = await callers.ask("http", "ExchangeService.GetOpenOrders", {}, trade)
        for line in now["orders"]:
            await callers.stage.record(_canceled(line, 1))
        done = (await asking).reply
        assert done.all_success
        assert len(done.orders) == len(lines)


def _canceled(line: dict[str, Any], time_ms: int) -> Canceled:
    """Return the end that the venue gives to an open order."""
    name = line["client_order_id"].removeprefix("q").lstrip("0")
    ref = scenes.reference(line["strategy"], line["symbol"], name)
    words = {"client_order_id": line["client_order_id"], "intent_id": line["intent_id"]}
    return Canceled(
        ref=msgspec.structs.replace(ref, **words),
        venue_order_id=line["venue_order_id"],
        filled_quantity=scenes.SIZE - scenes.SIZE,
        reason="by hand",
        evidence_hash="",
        time_ms=time_ms,
    )


@pytest.mark.row("G06")
@pytest.mark.parametrize(
    "change, code, field",
    [
        ({"quantity": "0"}, "invalid", "quantity"),
        ({"price": "0"}, "invalid", "price"),
        ({"type": "market"}, "invalid", "price"),
        ({"type": "market", "price": "0", "post_only": True}, "invalid", "post_only"),
        ({"side": "up"}, "invalid", "side"),
        ({"symbol": "X/Y"}, "not_found", "symbol"),
        ({"account": "other"}, "not_found", "account"),
    ],
)
async def test_what_is_no_order_goes_on_no_record(
    tmp_path: Path, nats_url: str, change: dict[str, Any], code: str, field: str
) -> None:
    """The field is named, and nobody wished anything."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        found, said = await callers.ask("http", PLACE, ORDER | change, callers.key(KeyScope.TRADE))
        assert found == code
        assert field in said["detail"]
        assert await _wishes(callers) == []
