"""Orders by hand on a shipped paper desk: placed, explained, cancelled, and once whatever happens to the gateway."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.conditions import until
from tests.e2e.audit import doubled
from tests.e2e.desk import Desk

pytestmark = pytest.mark.timeout(300)

PLACE, CANCEL = "ExchangeService.PlaceOrder", "ExchangeService.CancelOrder"
PERP = "BTC/USDT:USDT"
MANUAL = "manual"
SIZE = {"symbol": PERP, "quantity": "0.002"}


async def _ask(desk: Desk, call: str, asked: dict[str, Any], once: str = "") -> dict[str, Any]:
    words = ("--once", once) if once else ()
    _, said, error = await desk.command("ask", call, json.dumps(asked), *words, "--json")
    assert said, error
    found: dict[str, Any] = json.loads(said)
    return found


async def _resting(desk: Desk) -> dict[str, Any]:
    """Return an order that rests well below the price of now."""
    price = await _ask(desk, "ExchangeService.GetLatestPrice", {"symbol": PERP})
    low = f"{float(price['bid']) * 0.995:.1f}"
    return SIZE | {"side": "buy", "price": low, "post_only": True, "reason": "hunch"}


@pytest.mark.row("G01", "G05", "G06")
async def test_a_person_orders_on_a_running_desk(tmp_path: Path) -> None:
    """It rests, is explained and cancelled; one that takes is filled and closed; each refusal has its code.

    A gateway that is killed between request and answer leaves one order, and the same once-key answers with it.
    """
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        order = await _resting(desk)
        rests = await _ask(desk, PLACE, order, "one")
        assert (rests.get("status"), rests.get("strategy")) == ("live", MANUAL), rests
        assert await _ask(desk, PLACE, order, "one") == rests
        other = await _ask(desk, PLACE, order | {"quantity": "0.003"}, "one")
        assert other["error"] == "conflict"
        big = await _ask(desk, PLACE, order | {"quantity": "1000"})
        assert (big["error"], "order_notional" in big["detail"]) == ("not_approved", True)

        await _health_follows(desk)

        again = await _dies_in_between(desk, order, rests)
        story = await desk.verb("why", rests["client_order_id"])
        assert story[0]["detail"]["what"] == "ordered by hand"
        steps = [line["step"] for line in story[:-1]]
        assert [one for one in ("decision", "verdict", "submit", "ack") if one not in steps] == []
        for number, mine in enumerate((rests, again)):
            aim = {"client_order_id": mine["client_order_id"]}
            ended = await _ask(desk, CANCEL, aim, f"cancel-{number}")
            assert ended.get("status") == "canceled", ended
        await _takes_and_closes(desk)
    lines = await desk.verb("verify")
    assert lines[-1]["holds"] is True, lines
    assert doubled(desk.data) == []


async def _health_follows(desk: Desk) -> None:
    """A strategy process is killed: who watches its health hears of it, and that it is well again."""
    kinds = health_pb2.HealthCheckResponse
    async with grpc.aio.insecure_channel(f"127.0.0.1:{desk.run_file.ports['grpc']}") as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watching = stub.Watch(health_pb2.HealthCheckRequest(service="arb"))
        assert (await watching.read()).status == kinds.SERVING
        os.kill(desk.pid("arb"), signal.SIGKILL)
        assert (await watching.read()).status == kinds.NOT_SERVING
        others = await stub.Check(health_pb2.HealthCheckRequest(service="executor-main"))
        assert others.status == kinds.SERVING
        assert (await watching.read()).status == kinds.SERVING
        watching.cancel()


async def _dies_in_between(
    desk: Desk, order: dict[str, Any], first: dict[str, Any]
) -> dict[str, Any]:
    """Kill the gateway as soon as the wish is on record; return what it answers when it is asked again."""
    asking = asyncio.create_task(desk.command("ask", PLACE, json.dumps(order), "--once", "two"))

    async def wished() -> bool:
        return len(await desk.verb("events", "--type", "OrderedByHand")) >= 3

    await until(wished, within_s=60)
    os.kill(desk.pid("gateway"), signal.SIGKILL)
    await asking
    await until(_answers(desk), within_s=60)
    again = await _ask(desk, PLACE, order, "two")
    assert again.get("status") == "live", again
    mine = {
        one["client_order_id"] for one in await desk.verb("orders") if one["strategy"] == MANUAL
    }
    assert mine == {first["client_order_id"], again["client_order_id"]}
    return again


async def _takes_and_closes(desk: Desk) -> None:
    """Nobody's order may stand where a market order would meet it; what is not held cannot be closed."""
    await desk.command("kill", "--strategy", "grid-perp", "--reason", "out of the way")

    async def nobody_rests() -> bool:
        return [one for one in await desk.verb("orders", "--open") if one["symbol"] == PERP] == []

    await until(nobody_rests, within_s=60)
    taken = await _ask(desk, PLACE, SIZE | {"side": "buy", "type": "market"}, "four")
    assert taken.get("status") in ("live", "filled"), taken  # as far as was told by then
    await until(_holds(desk, "0.002"), within_s=60)
    closing = SIZE | {"side": "sell", "type": "market", "reduce_only": True}
    closed = await _ask(desk, PLACE, closing, "five")
    assert closed.get("status") in ("live", "filled"), closed
    await until(_holds(desk, "0"), within_s=60)
    refused = await _ask(desk, PLACE, closing)
    assert (refused["error"], "not_reducing" in refused["detail"]) == ("not_approved", True)


def _answers(desk: Desk) -> Any:
    async def answers() -> bool:
        code, _, _ = await desk.command("ask", "PositionService.GetPositions", "--json")
        return code == 0

    return answers


def _holds(desk: Desk, quantity: str) -> Any:
    async def holds() -> bool:
        lines = await desk.verb("positions", "--by", "strategy")
        mine = [line["quantity"] for line in lines if line["strategy"] == MANUAL]
        return mine == [quantity]

    return holds
