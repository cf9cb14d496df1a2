"""What each process may say and hear at a real NATS: exactly what the table of rights says, and nothing beside it."""

import time
from collections.abc import AsyncIterator, Iterator

import nats
import pytest
from nats.aio.client import Client

from opensqt.domain.market import Time
from opensqt.domain.messages import Message
from opensqt.runtime.access.credentials import with_user
from opensqt.runtime.access.inboxes import inbox_of
from opensqt.runtime.access.nats_users import NatsUser, configuration, permissions
from opensqt.runtime.access.rights import OPERATOR, STREAMS, SYSTEM, TABLE
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.bus.streams import apply
from opensqt.runtime.envelope import Envelope
from opensqt.runtime.questions import statuses
from opensqt.runtime.registration import Registered, register
from tests.conditions import until
from tests.servers import NatsServer
from tests.streams import greeted

PASSWORD = "of-a-test"  # of a server that ends with its test
PLACE = "binance.main.BTC-USDT"
STRATEGIES = {"grid": ("grid-perp",), "arb": ("carry",), "strategy-own": ("own",)}
PROCESSES = (
    *("market_data-binance", "risk", "executor-main", "relay", "reconciler", "gateway"),
    *(*STRATEGIES, STREAMS, OPERATOR),
)
USERS = tuple(
    NatsUser(
        process=process,
        password=PASSWORD,
        strategies=STRATEGIES.get(process, ()),
        venues=("binance",) if process.startswith("market_data") else (),
    )
    for process in PROCESSES
)
LAST = "nobody.hears.this"
# What a stranger may want to say, and the one process that may.
SPEECH = {
    f"cmd.open.{PLACE}": ("risk",),
    f"cmd.exit.{PLACE}": ("risk",),
    f"intent.grid-perp.{PLACE}": ("grid",),
    f"intent.own.{PLACE}": ("strategy-own",),
    "md.binance.BTC-USDT.tick": ("market_data-binance",),
    f"evt.order.{PLACE}": ("relay",),
    "evt.time": ("relay",),
    "ctl.latch": ("relay",),
    "ctl.feed": ("relay",),
    "ctl.kill": ("gateway", OPERATOR),
    "ctl.alive.risk": ("risk",),
    "svc.executor-main.status": ("gateway", OPERATOR),
    "dlq.risk": ("risk",),
    "$JS.API.STREAM.PURGE.FEED": (STREAMS, OPERATOR),
    "$JS.API.STREAM.DELETE.COMMANDS": (STREAMS, OPERATOR),
    "$JS.API.STREAM.UPDATE.FEED": (STREAMS, OPERATOR),
    "$JS.API.CONSUMER.CREATE.COMMANDS": (STREAMS, OPERATOR),
    "$JS.API.CONSUMER.MSG.NEXT.COMMANDS.executor-main-e1": ("executor-main", STREAMS, OPERATOR),
    "$JS.API.CONSUMER.DELETE.EXITS.executor-main-e1": ("executor-main", STREAMS, OPERATOR),
    "$JS.ACK.COMMANDS.x.1.1.1.1.0": ("executor-main", STREAMS, OPERATOR),
    f"{inbox_of('risk')}.x": (),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server that knows the processes of a desk."""
    one = NatsServer(tmp_path_factory.mktemp("nats"), configuration(USERS, PASSWORD))
    one.start()
    yield one
    one.stop()


@pytest.fixture
async def bus_of(server: NatsServer) -> AsyncIterator[dict[str, NatsBus]]:
    """A bus for each process, as itself, on declared streams."""
    found: dict[str, NatsBus] = {}
    for process in PROCESSES:
        url = with_user(server.url, process, PASSWORD)
        found[process] = await NatsBus.connect(url, process, monotonic_s=time.monotonic)
    await apply(found[STREAMS].client.jetstream())
    yield found
    for bus in found.values():
        await bus.close()


async def refusals(
    server: NatsServer, process: str, *subjects: str, hear: bool = False
) -> list[str]:
    """Return what the server refuses of what a process says, or listens to."""
    said: list[str] = []

    async def note(error: Exception) -> None:
        said.append(str(error))

    url = with_user(server.url, process, PASSWORD)
    client = await nats.connect(url, error_cb=note, inbox_prefix=inbox_of(process))
    for subject in subjects:
        if hear:
            await client.subscribe(subject)
        else:
            await client.publish(subject, b"")
    # Refusals come in order: with the answer to the last question all have been told.
    await client.publish(LAST, b"")
    await until(lambda: any(LAST in text for text in said), within_s=5)
    await client.close()
    return [one for one in subjects if any(f'"{one}"'.lower() in text.lower() for text in said)]


@pytest.mark.row("K01")
@pytest.mark.parametrize("process", PROCESSES)
async def test_a_process_says_what_it_may_and_no_more(server: NatsServer, process: str) -> None:
    """The server refuses commands of all but risk, kills of all but page and person, and so on."""
    wanted = [subject for subject, speakers in SPEECH.items() if process not in speakers]
    assert sorted(await refusals(server, process, *SPEECH)) == sorted(wanted)


@pytest.mark.row("K01")
@pytest.mark.parametrize("process", [one for one in PROCESSES if one != OPERATOR])
async def test_a_process_hears_only_what_is_for_it(server: NatsServer, process: str) -> None:
    """Nobody listens to the answers of another process, to all subjects, or to commands beside their queue."""
    foreign = ("_INBOX.>", ">", f"cmd.open.{PLACE}", "intent.>", f"{inbox_of('other')}.>")
    assert await refusals(server, process, *foreign, hear=True) == list(foreign)
    assert await refusals(server, process, f"{inbox_of(process)}.x", hear=True) == []


@pytest.mark.row("K01")
async def test_a_stranger_is_not_let_in(server: NatsServer) -> None:
    """No connection without a user, with a wrong password or as somebody else's user, from loopback too."""
    for user, password in (("", ""), ("grid", "wrong"), ("opensqt", PASSWORD), (SYSTEM, "wrong")):
        assert "authorization violation" in await greeted(server.url, user, password)
    assert await greeted(server.url, "grid", PASSWORD) == "pong"


async def test_everybody_does_his_work_with_his_own_rights(bus_of: dict[str, NatsBus]) -> None:
    """Streams, queues, acknowledgements, questions and their answers: nothing that a service needs is refused."""
    heard = await bus_of["grid"].follow(Stream.FEED, ["evt.time"], Start(wall_ms=0))
    taken = await bus_of["executor-main"].queue(
        Stream.COMMANDS, "executor-main-e1", [f"cmd.open.{PLACE}"]
    )
    await _say(bus_of["relay"], "evt.time")
    await _say(bus_of["risk"], f"cmd.open.{PLACE}")
    async for delivery in heard:
        assert delivery.subject == "evt.time"
        break
    (command,) = await taken.fetch(1, 5.0)
    await taken.ack(command)
    assert await bus_of["executor-main"].drop_queues(
        Stream.COMMANDS, prefix="executor-main-e", keep="executor-main-e2"
    ) == ("executor-main-e1",)
    for bus in bus_of.values():
        assert await bus.upkeep.look() or bus is bus_of[OPERATOR]
    assert await bus_of["risk"].follow(Stream.INTENTS, [], Start()) is not None


async def test_a_question_is_answered_to_who_may_ask(bus_of: dict[str, NatsBus]) -> None:
    """Page and person ask a process how it is; the answer goes to their own inbox."""
    risk = Registered(name="risk", status=lambda: {"ready": True})
    service = await register(bus_of["risk"].client, risk)
    await bus_of["risk"].client.flush()
    for process in ("gateway", OPERATOR):
        client: Client = bus_of[process].client
        assert b'"ready": true' in (await client.request("svc.risk.status", b"", timeout=5)).data
        (answer,) = await statuses(client)
        assert (answer.process, answer.said) == ("risk", {"ready": True})
    await service.stop()


async def test_the_system_account_is_the_persons(server: NatsServer) -> None:
    """Who has its password sees connections and streams of the server; a process of the desk does not."""
    client = await nats.connect(with_user(server.url, SYSTEM, PASSWORD))
    answer = await client.request("$SYS.REQ.SERVER.PING", b"", timeout=5)
    assert b'"server"' in answer.data
    await client.close()
    assert await refusals(server, "relay", "$SYS.REQ.SERVER.PING") == ["$SYS.REQ.SERVER.PING"]


def test_every_row_of_the_table_has_a_user_or_a_login() -> None:
    """A service without a place in these tests would be a service nobody looked at."""
    assert {one.process.partition("-")[0] for one in USERS} == set(TABLE)
    assert all(permissions(one)["subscribe"] for one in USERS)


async def _say(bus: NatsBus, subject: str) -> None:
    message: Message = Time(time_ms=1)
    envelope = Envelope(event_id=subject, type="Time", source="test", time_ms=1)
    await bus.publish(subject, message, envelope)
