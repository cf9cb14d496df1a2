"""What the API tells by itself: news, health, its own contract; and what it never tells."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from opensqt.api.call import KeyScope
from opensqt.api.calls import CALLS
from opensqt.api.key_file import KEYS_FILE
from opensqt.domain.instruments import Side
from opensqt.runtime.codec import decode
from tests import scenes
from tests.callers import ASKED, calling
from tests.simulation.strategy_facts import PERP
from tests.visitors import CANARIES


@pytest.mark.row("I17")
async def test_a_subscriber_hears_what_comes_and_resumes(tmp_path: Path, nats_url: str) -> None:
    """A fill is told over each transport with its sequence; behind an old sequence it is told again."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        path, read = "PositionService.SubscribePositions", callers.key(KeyScope.READ)
        before = callers.visitor.gateway.api.calls.newest
        now_ms = callers.stage.house.clock.market_ms()
        ref = scenes.reference("grid-perp", PERP, "w-1")
        await callers.stage.record(scenes.filled(ref, Side.BUY, scenes.ANCHOR - 72, now_ms))
        for via in callers.transports:
            code, said = await callers.ask(via, path, {"after": before}, read)
            assert code == "ok", (via, said)
            line = said["messages"][0]
            assert line["position"]["symbol"] == PERP
            assert line["sequence"] > before
            code, said = await callers.ask(via, path, {"after": 10**9}, read)
            assert code == "gone", (via, said)


@pytest.mark.row("G05")
async def test_grpc_has_health_and_reflection(tmp_path: Path, nats_url: str) -> None:
    """Health is free, follows the gateway and is watched; reflection names every service and call."""
    async with calling(tmp_path, nats_url) as callers:
        health = health_pb2_grpc.HealthStub(callers.channel)
        ask = health_pb2.HealthCheckRequest(service="opensqt.api.v1.RiskService")
        serving = health_pb2.HealthCheckResponse.SERVING
        watch = health.Watch(ask)
        async with asyncio.timeout(10):
            while (await watch.read()).status != serving:
                pass
            assert (await health.Check(health_pb2.HealthCheckRequest())).status == serving
            callers.visitor.gateway._live = False
            while (await watch.read()).status == serving:
                pass
        stub = reflection_pb2_grpc.ServerReflectionStub(callers.channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="*")
        answer = await stub.ServerReflectionInfo(iter([request])).read()
        names = {one.name for one in answer.list_services_response.service}
        assert {f"opensqt.api.v1.{call.service}" for call in CALLS.values()} <= names
        watch.cancel()


async def test_the_services_api_and_openapi_name_every_call(tmp_path: Path, nats_url: str) -> None:
    """`nats micro info opensqt-api` lists the subjects; the OpenAPI document the paths."""
    async with calling(tmp_path, nats_url) as callers:
        info = await callers.client.request("$SRV.INFO.opensqt-api", b"", timeout=5)
        subjects = {one["subject"] for one in json.loads(info.data)["endpoints"]}
        assert subjects == {f"svc.gateway.v1.{path}" for path in CALLS}
        status, body = await callers.visitor.get("/api/v1/openapi.json")
        paths = msgspec.json.decode(body)["paths"]
        assert status == 200
        assert paths.keys() == {f"/api/v1/{path.replace('.', '/')}" for path in CALLS}


@pytest.mark.row("G11")
async def test_no_answer_and_no_record_holds_a_secret(
    tmp_path: Path, nats_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither a key nor the token is in any answer, log line, file of keys or journalled event."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        admin = callers.key(KeyScope.ADMIN)
        texts = [(tmp_path / KEYS_FILE).read_text()]
        for path in CALLS:
            if not CALLS[path].streams:
                said = await callers.ask("http", path, ASKED.get(path, {}), admin)
                texts.append(json.dumps(said))
        texts += [str(vars(record)) for record in caplog.records]
        rows = await callers.stage.house.journal.read(0, 10_000)
        texts += [str(decode(row.data)) for row in rows]
        secrets = (*CANARIES, admin["Authorization"].partition(".")[2])
        assert [secret for secret in secrets for text in texts if secret in text] == []
