"""The table of calls over HTTP, NATS and gRPC, before a gateway whose desk has a history."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from opensqt.api.call import KeyScope
from opensqt.api.calls import CALLS
from opensqt.api.key_file import KEYS_FILE, write_keys
from tests.callers import ASKED, ORDERS, calling
from tests.conditions import until
from tests.scans import leave_scan
from tests.simulation.strategy_facts import PERP
from tests.visitors import RIGHT

LIMITS = "RiskService.UpdatePositionLimits"
STATUS = "RiskService.GetCircuitBreakerStatus"
OPEN, CLOSE = "RiskService.OpenCircuitBreaker", "RiskService.CloseCircuitBreaker"
_BY_ID = {"ExchangeService.GetOrder": "client_order_id", "PositionService.GetOrder": "order_id"}


@pytest.mark.row("G01")
async def test_every_call_is_answered_alike_over_every_transport(
    tmp_path: Path, nats_url: str
) -> None:
    """52 calls: those that look give the same answer thrice, those that are not built say so with their reason."""
    async with calling(tmp_path, nats_url) as callers:
        order = await callers.settled()
        leave_scan(tmp_path, "binance")
        admin = callers.key(KeyScope.ADMIN)
        assert len(CALLS) == 28 + 10 + 10 + 4
        for path, call in CALLS.items():
            if call.act is not None or (call.streams and not call.missing):
                continue
            asked = {_BY_ID[path]: order} if path in _BY_ID else ASKED.get(path, {})
            code, said = await callers.everywhere(path, asked, admin)
            if call.missing:
                assert code == "unimplemented", path
                assert call.missing in said["detail"]
            else:
                assert (code, bool(said)) == ("ok", True), (path, said)


@pytest.mark.row("G07")
async def test_no_call_is_answered_without_a_right_key(tmp_path: Path, nats_url: str) -> None:
    """No key, a wrong one, a right id with a wrong secret: every call and subscription over every transport."""
    async with calling(tmp_path, nats_url) as callers:
        right = callers.key(KeyScope.ADMIN)["Authorization"]
        for path in CALLS:
            code, said = await callers.everywhere(path, {}, {"Authorization": right + "x"})
            assert code == "unauthenticated", path
            assert "opensqt keys add" in said["detail"]
        wrong: tuple[dict[str, str], ...] = (
            {},
            {"Authorization": "Bearer wrong"},
            {"x-api-key": " "},
        )
        for headers in wrong:
            assert (await callers.everywhere(ORDERS, {}, headers))[0] == "unauthenticated"
        key = right.removeprefix("Bearer ")
        assert (await callers.everywhere(ORDERS, {}, {"x-api-key": key}))[0] == "ok"
        write_keys(tmp_path / KEYS_FILE, ())
        assert (await callers.everywhere(ORDERS, {}, {"x-api-key": key}))[0] == "unauthenticated"


@pytest.mark.row("G07")
async def test_a_key_reaches_as_far_as_its_scope(tmp_path: Path, nats_url: str) -> None:
    """Each call refuses every smaller scope before it looks at what is asked."""
    async with calling(tmp_path, nats_url) as callers:
        keys = {scope: callers.key(scope) for scope in KeyScope}
        for path, call in CALLS.items():
            for scope in KeyScope:
                if not scope.reaches(call.scope):
                    code, said = await callers.everywhere(path, {}, keys[scope])
                    assert code == "forbidden", (path, scope)
                    assert call.scope.value in said["detail"]
        assert callers.stage.heard == []


@pytest.mark.row("G06")
@pytest.mark.row("G07")
async def test_each_refusal_has_its_code(tmp_path: Path, nats_url: str) -> None:
    """Bad cursor, unknown field, unknown symbol, huge body, too many calls, unknown call."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        for via in callers.transports:

            async def code(
                path: str, asked: object = None, headers: dict[str, str] | None = None
            ) -> str:
                return (await callers.ask(via, path, asked, headers or RIGHT))[0]  # noqa: B023  # asked at once

            for cursor in ("no cursor", "bm9uZQ", "Im5vbmUi"):
                assert await code(ORDERS, {"cursor": cursor}) == "invalid", (via, cursor)
            assert await code(ORDERS, {"limit": 501}) == "invalid"
            assert await code("PositionService.GetPosition", {"symbol": "X/Y"}) == "not_found"
            assert await code(LIMITS, {"reason": "none"}) == "invalid"
            huge = {"symbols": ["x" * 1000] * 100}
            assert await code(ORDERS, huge) == "too_large", via
            few = callers.key(KeyScope.READ, calls_per_s=1)
            codes = await asyncio.gather(*(code(ORDERS, {}, few) for _ in range(20)))
            assert "rate_limited" in codes, via
        http = callers.transports["http"]
        assert (await http.ask("PositionService.Nonsense", b"{}", RIGHT))[0] == "not_found"
        assert (await http.ask(ORDERS, b'{"limits": 3}', RIGHT))[0] == "invalid"
        assert (await http.ask(ORDERS, b"[" * 5000, RIGHT))[0] == "invalid"


@pytest.mark.row("G04")
async def test_positions_are_told_at_the_price_of_the_market(tmp_path: Path, nats_url: str) -> None:
    """The price is the mark; realised and unrealised are those of fills and marks."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        look = callers.visitor.gateway.look
        _, said = await callers.everywhere("PositionService.GetPositions", {}, RIGHT)
        shown = {one["symbol"]: one for one in look()["positions"]}
        marks = {one["symbol"]: one["mark"] or None for one in look()["symbols"]}
        assert {one["symbol"] for one in said["positions"]} == shown.keys()
        for line in said["positions"]:
            assert line["quantity"] == shown[line["symbol"]]["quantity"]
            assert marks[line["symbol"]] in (None, line["current_price"])
        _, pnl = await callers.everywhere("PositionService.GetUnrealizedPnL", {}, RIGHT)
        whole = {one["symbol"]: one["unrealized_pnl"] for one in said["positions"]}
        assert {one["symbol"]: one["unrealized_pnl"] for one in pnl["positions"]}.items() <= (
            whole.items()
        )


@pytest.mark.row("G03")
async def test_pages_of_history_are_whole_and_hold_still_under_inserts(
    tmp_path: Path, nats_url: str
) -> None:
    """Page after page gives every order once, in order, also while new ones come in between; filters bind."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        read = callers.key(KeyScope.READ)
        _, whole = await callers.everywhere(ORDERS, {"limit": 500}, read)
        found: list[dict[str, Any]] = []
        cursor, number = "", 0
        while len(found) < len(whole["orders"]):
            code, page = await callers.everywhere(ORDERS, {"limit": 3, "cursor": cursor}, read)
            assert code == "ok"
            assert len(page["orders"]) <= 3
            found += page["orders"]
            cursor, number = page["next_cursor"], number + 1
            await callers.place(f"new-{number}")
        assert found[: len(whole["orders"])] == whole["orders"]
        _, mine = await callers.everywhere(ORDERS, {"symbols": [PERP], "limit": 500}, read)
        assert {one["symbol"] for one in mine["orders"]} == {PERP}
        _, none = await callers.everywhere(ORDERS, {"end_ms": 1}, read)
        assert none["orders"] == []


@pytest.mark.row("G02")
@pytest.mark.row("I18")
async def test_a_change_is_made_once_and_recorded_with_before_and_after(
    tmp_path: Path, nats_url: str
) -> None:
    """The gate hears it once over each transport; the journal says who, what, before and after."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        admin = callers.key(KeyScope.ADMIN)
        for number, via in enumerate(callers.transports, start=1):
            asked = {"reason": "news", "open_orders_max": 50 + number}
            once = admin | {"Once": f"one-{via}"}
            code, said = await callers.ask(via, LIMITS, asked, once)
            assert code == "ok", said
            assert said["changes"] == [
                {"field": "open_orders_max", "before": "100", "after": str(50 + number)}
            ]
            assert await callers.ask(via, LIMITS, asked, once) == (code, said)
            other = asked | {"open_orders_max": 1}
            assert (await callers.ask(via, LIMITS, other, once))[0] == "conflict"
            changed = [words for verb, words in callers.stage.heard if verb == "limits"]
            assert len(changed) == number
            assert changed[-1]["actor"] == f"key admin-10000 over {via}"
        records = await callers.recorded()
        assert [one.outcome for one in records] == ["ok"] * 3
        assert [json.loads(one.after) for one in records] == [
            {"open_orders_max": str(number)} for number in (51, 52, 53)
        ]
        assert json.loads(records[0].before) == {"open_orders_max": "100"}
        assert records[0].call == LIMITS


@pytest.mark.row("I18")
@pytest.mark.parametrize(
    "of, scope",
    [
        ({"strategy": "carry"}, "strategy/carry"),
        ({"symbol": PERP}, f"binance/main/{PERP}"),
        ({}, "desk"),
    ],
)
async def test_a_breaker_is_opened_and_closed_once_and_both_are_recorded(
    tmp_path: Path, nats_url: str, of: dict[str, str], scope: str
) -> None:
    """Risk opens it and nobody is killed; trade opens, only admin closes; refusals are on record."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        trade, admin = callers.key(KeyScope.TRADE), callers.key(KeyScope.ADMIN)
        asked = of | {"reason": "fire"}
        once = trade | {"Once": "alarm"}
        for _ in range(2):
            code, said = await callers.ask("nats", OPEN, asked, once)
            assert (code, said["open"]) == ("ok", [f"{scope} manual"])
        assert [verb for verb, _ in callers.stage.heard] == ["breakers"], "once, and no kill"
        code, _ = await callers.ask("http", OPEN, asked | {"strategy": "typo", "symbol": ""}, trade)
        assert code == "not_found"
        assert (await callers.ask("http", OPEN, asked | {"reason": " "}, trade))[0] == "invalid"

        async def line() -> dict[str, Any]:
            _, told = await callers.everywhere(STATUS, of, trade)
            return next(
                one
                for one in told["breakers"]
                if (one["scope"], one["breaker"]) == (scope, "manual")
            )

        async def is_open() -> bool:
            return bool((await line())["is_open"])

        await until(is_open)
        found = await line()
        assert (found["state"], found["reason"]) == ("open", "fire")
        assert found["actor"] == "key trade-10000 over nats"
        code, said = await callers.ask("grpc", CLOSE, asked, admin)
        assert (code, said["success"], said["open"]) == ("ok", True, [])
        code, said = await callers.ask("grpc", CLOSE, asked, admin)
        assert code == "refused", "a breaker that is not open is not closed"
        callers.stage.breakers_answer = False
        assert (await callers.ask("grpc", OPEN, asked, admin))[0] == "unavailable"
        records = await callers.recorded()
        assert [one.outcome for one in records] == [
            *("ok", "not_found", "invalid", "ok", "refused", "unavailable")
        ]
        assert json.loads(records[0].before) == {scope: []}
        assert json.loads(records[0].after) == {scope: ["manual"]}
        assert json.loads(records[3].after) == {scope: []}
        assert records[0].actor == "key trade-10000 over nats"
