"""gRPC health of each process of a desk: what it says of itself, told to who watches."""

from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.callers import Callers, calling
from tests.conditions import until

KINDS = health_pb2.HealthCheckResponse
NAMES = ("risk", "executor-main", "grid", "arb", "nats", "postgres")


async def _health(callers: Callers, name: str) -> int:
    stub = health_pb2_grpc.HealthStub(callers.channel)
    try:
        reply = await stub.Check(health_pb2.HealthCheckRequest(service=name))
    except grpc.aio.AioRpcError as error:
        if error.code() is not grpc.StatusCode.NOT_FOUND:
            raise
        return int(KINDS.SERVICE_UNKNOWN)  # nobody was asked yet
    return int(reply.status)


@pytest.mark.row("G05")
async def test_each_process_has_its_own_health_and_who_watches_hears_of_it(
    tmp_path: Path, nats_url: str
) -> None:
    """Risk is not ready, then well, then does not answer at all; nobody else's health moves with it."""
    async with calling(tmp_path, nats_url) as callers:
        await callers.settled()
        stage = callers.stage

        async def all_well() -> bool:
            return all([await _health(callers, name) == KINDS.SERVING for name in ("", *NAMES)])

        await until(all_well)
        stub = health_pb2_grpc.HealthStub(callers.channel)
        watching = stub.Watch(health_pb2.HealthCheckRequest(service="risk"))
        assert (await watching.read()).status == KINDS.SERVING
        stage.statuses["risk"] |= {"ready": False}
        assert (await watching.read()).status == KINDS.NOT_SERVING
        for name in ("", "opensqt.api.v1.RiskService", "executor-main", "grid"):
            assert await _health(callers, name) == KINDS.SERVING
        stage.statuses["risk"] |= {"ready": True}
        assert (await watching.read()).status == KINDS.SERVING
        await stage.servers["risk"].close()
        assert (await watching.read()).status == KINDS.NOT_SERVING
        stage.write_run(postgres="restarting")

        async def is_down() -> bool:
            return bool(await _health(callers, "postgres") == KINDS.NOT_SERVING)

        await until(is_down)
        assert await _health(callers, "executor-main") == KINDS.SERVING
        watching.cancel()
