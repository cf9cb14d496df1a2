"""The API of a shipped desk: its own keys, over HTTP, NATS and gRPC, and a limit that holds for the next order."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import grpc
import pytest

from opensqt.api.calls import CALLS
from opensqt.runtime.access.rights import OPERATOR
from tests.callers import STATUS, OverGrpc, OverNats
from tests.conditions import until
from tests.e2e.bus_users import connected
from tests.e2e.desk import Desk

pytestmark = pytest.mark.timeout(240)

Way = Callable[[str, dict[str, str]], Awaitable[str]]
LIMITS = "RiskService.UpdatePositionLimits"
POSITIONS = "PositionService.GetPositions"


async def _asked(desk: Desk, call: str, asked: dict[str, Any]) -> dict[str, Any]:
    code, said, error = await desk.command("ask", call, json.dumps(asked), "--json")
    assert code == 0, said + error
    found: dict[str, Any] = json.loads(said)
    return found


async def _key(desk: Desk, name: str, scope: str) -> dict[str, str]:
    code, said, error = await desk.command("keys", "add", name, "--scope", scope, "--json")
    assert code == 0, error
    return {"Authorization": f"Bearer {json.loads(said)['key']}"}


async def _over_http(port: int, call: str, headers: dict[str, str]) -> str:
    url = f"http://127.0.0.1:{port}/api/v1/{call.replace('.', '/')}"
    async with aiohttp.ClientSession() as session, session.post(url, headers=headers) as reply:
        return STATUS.get(reply.status, "ok")


async def _over_nats(desk: Desk, call: str, headers: dict[str, str]) -> str:
    client = await connected(desk.data, OPERATOR)
    try:
        info = await client.request("$SRV.INFO.opensqt-api", b"", timeout=5)
        assert len(json.loads(info.data)["endpoints"]) == len(CALLS)
        return (await OverNats(client).ask(call, b"{}", headers))[0]
    finally:
        await client.close()


async def _over_grpc(port: int, call: str, headers: dict[str, str]) -> str:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        return (await OverGrpc(channel).ask(call, b"{}", headers))[0]


@pytest.mark.row("G01", "G02", "G07", "I18")
async def test_a_desk_is_asked_and_changed_by_who_may(tmp_path: Path) -> None:
    """A limit that is set by a call refuses the next orders and is on record; keys hold on every transport."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        read = await _key(desk, "bot", "read")
        ports = desk.run_file.ports
        ways: tuple[Way, ...] = (
            partial(_over_http, ports["gateway"]),
            partial(_over_nats, desk),
            partial(_over_grpc, ports["grpc"]),
        )
        for way in ways:
            assert await way(POSITIONS, read) == "ok"
            assert await way(POSITIONS, {}) == "unauthenticated"
            assert await way(LIMITS, read) == "forbidden"
        asked = {"reason": "news", "order_notional_quote_max": "100"}
        said = await _asked(desk, LIMITS, asked)
        change = {"field": "order_notional_quote_max", "before": "2000", "after": "100"}
        assert said == {"changes": [change]}

        async def refused() -> bool:
            lines = await desk.verb("events", "--type", "RiskRefused")
            return any(line["data"]["reason"] == "order_notional" for line in lines)

        await until(refused, within_s=60)
        begun = await _asked(desk, "RiskService.TriggerReconciliation", {})

        async def looked() -> bool:
            told = await _asked(
                desk,
                "RiskService.GetReconciliationStatus",
                {"reconciliation_id": begun["reconciliation_id"]},
            )
            return bool(told["status"] == "completed")

        await until(looked, within_s=30)
        account = await _asked(desk, "ExchangeService.GetAccount", {})
        assert {line["asset"] for line in account["balances"]} >= {"USDT"}
        assert account["available_balance"] is not None
        code, _, _ = await desk.command("keys", "revoke", "bot")
        assert code == 0
        found = await asyncio.gather(*(way(POSITIONS, read) for way in ways))
        assert found == ["unauthenticated"] * 3
    records = await desk.verb("events", "--type", "CallAudited")
    assert [line["data"]["call"] for line in records] == [
        LIMITS,
        "RiskService.TriggerReconciliation",
    ]
    assert records[0]["data"]["actor"] == "key owner over http"
    assert json.loads(records[0]["data"]["before"]) == {"order_notional_quote_max": "2000"}
