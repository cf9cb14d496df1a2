"""Poison in a work queue: the process ends and tries again, and after three strikes the queue goes on without it."""

from collections.abc import AsyncIterator

import pytest

from opensqt.runtime.bus.dlq import Poison, refuse
from opensqt.runtime.bus.port import Bus, Stream
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.metrics import Metrics
from tests.contract.buses import House, house_at, publish_time, server_of

SUBJECT = "cmd.open.v.a.S"


@pytest.fixture(params=["nats", "memory"])
def server(request: pytest.FixtureRequest) -> str:
    """Each bus."""
    return server_of(request)


@pytest.fixture
async def house(server: str) -> AsyncIterator[House]:
    """Each bus."""
    found = await house_at(server)
    yield found
    await found.close()


async def restart_and_handle(bus: Bus, epoch: int, metrics: Metrics) -> int:
    """Take over as an executor does and handle what is there; return how many were understood."""
    durable = f"executor-a-{epoch}"
    await bus.drop_queues(Stream.COMMANDS, prefix="executor-a-", keep=durable)
    queue = await bus.queue(Stream.COMMANDS, durable, ["cmd.open.v.a.>"])
    understood = 0
    for delivery in await queue.fetch(10, 2.0):
        try:
            decode(delivery.data)
        except Undecodable as error:
            await refuse(bus, queue, "executor", delivery, error, metrics)
        else:
            await queue.ack(delivery)
            understood += 1
    return understood


@pytest.mark.row("I03")
async def test_poison_leaves_the_queue_at_the_third_strike(house: House) -> None:
    """Strikes survive restarts under new durables; the original is kept; what follows is handled."""
    bus = await house.connect()
    await bus.send(SUBJECT, b"\xff\xff", {"Nats-Msg-Id": "bad"})
    await publish_time(bus, SUBJECT, 1)
    metrics = Metrics()
    for epoch in (1, 2):
        with pytest.raises(Poison, match=SUBJECT):
            await restart_and_handle(bus, epoch, metrics)
    assert await restart_and_handle(bus, 3, metrics) == 1
    assert (await bus.state(Stream.COMMANDS)).messages == 0
    assert (await bus.state(Stream.DLQ)).messages == 3
    assert b'reason="Undecodable",stream="COMMANDS"} 3.0' in metrics.render()
