"""Dead letters: one a message, counted across restarts; what a reader dies of is set aside at the third strike."""

from collections.abc import AsyncIterator

import pytest

from opensqt.runtime.bus.dead_letters import PoisonMessage, refuse, set_aside, strike
from opensqt.runtime.bus.port import Bus, Delivery, Start, Stream
from opensqt.runtime.codec import Undecodable
from opensqt.runtime.telemetry.metrics import Metrics
from tests.contract.buses import House, house_at, server_of

SUBJECT = "cmd.open.v.a.S"
BAD = b"\xff\xff"


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


async def restart_and_handle(bus: Bus, epoch: int, metrics: Metrics) -> list[bytes]:
    """Take over as an executor does and handle what is there, failing at `BAD`; return what was done."""
    durable = f"executor-a-{epoch}"
    await bus.drop_queues(Stream.COMMANDS, prefix="executor-a-", keep=durable)
    queue = await bus.queue(Stream.COMMANDS, durable, ["cmd.open.v.a.>"])
    done: list[bytes] = []
    for delivery in await queue.fetch(10, 2.0):
        if delivery.data == BAD:
            await strike(bus, "executor", delivery, ArithmeticError("a fault of ours"), metrics)
        done.append(delivery.data)
        await queue.ack(delivery)
    return done


async def letters(bus: Bus) -> int:
    """How many dead letters and strikes there are."""
    return (await bus.state(Stream.DLQ)).messages


@pytest.mark.row("I03")
async def test_what_its_reader_dies_of_leaves_the_queue_at_the_third_strike(house: House) -> None:
    """Strikes survive restarts under new durables; the original is kept; what follows is handled."""
    bus = await house.connect()
    await bus.send(SUBJECT, BAD, {"Nats-Msg-Id": "bad"})
    await bus.send(SUBJECT, b"good", {"Nats-Msg-Id": "good"})
    metrics = Metrics()
    for epoch in (1, 2):
        with pytest.raises(PoisonMessage, match=SUBJECT):
            await restart_and_handle(bus, epoch, metrics)
    assert await restart_and_handle(bus, 3, metrics) == [BAD, b"good"]
    assert (await bus.state(Stream.COMMANDS)).messages == 0
    assert await letters(bus) == 3
    assert b'reason="ArithmeticError",stream="COMMANDS"} 1.0' in metrics.render()
    # Said again, it is known: nobody dies of it once more.
    await bus.send(SUBJECT, BAD, {"Nats-Msg-Id": "bad again"})
    assert await restart_and_handle(bus, 4, metrics) == [BAD]
    assert await letters(bus) == 3


@pytest.mark.row("I03")
@pytest.mark.row("K04")
async def test_what_nobody_may_act_on_is_one_letter_and_no_restart(house: House) -> None:
    """However often it is delivered and whoever reads it: one letter, counted once, out of the queue at once."""
    bus = await house.connect()
    headers = {"Nats-Msg-Id": "bad", "Nats-Expected-Stream": "COMMANDS", "Other": "kept"}
    await bus.send(SUBJECT, BAD, headers)
    queue = await bus.queue(Stream.COMMANDS, "executor-a-1", ["cmd.open.v.a.>"])
    (delivery,) = await queue.fetch(1, 2.0)
    metrics = Metrics()
    for service in ("risk", "grid"):
        await set_aside(bus, service, delivery, Undecodable("no fact"), metrics)
    await refuse(bus, queue, "executor", delivery, Undecodable("no fact"), metrics)
    assert (await bus.state(Stream.COMMANDS)).messages == 0
    assert await letters(bus) == 1
    assert b'reason="Undecodable",stream="COMMANDS"} 1.0' in metrics.render()
    letter = await anext(aiter(await bus.follow(Stream.DLQ, ["dlq.risk"], Start(sequence=1))))
    assert letter.data == BAD
    assert letter.headers["Other"] == "kept"
    assert letter.headers["Dlq-Subject"] == SUBJECT


@pytest.mark.row("K04")
async def test_a_message_of_any_size_and_head_fits_into_a_letter(house: House) -> None:
    """One that fills its stream's limit, or has a head of thousands of fields, does not come back for ever."""
    bus = await house.connect()
    for number, head in enumerate(({}, {f"H{n}": "v" * 100 for n in range(2000)})):
        delivery = Delivery(
            stream=Stream.FEED,
            sequence=number,
            subject="evt.x",
            headers=head,
            data=b"x" * (1024 * 1024),
        )
        await set_aside(bus, "risk", delivery, Undecodable("line\none\r\ntwo \x00"), Metrics())
    assert await letters(bus) == 2
