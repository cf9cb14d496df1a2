"""A desk that is reached only by NATS and Postgres: what is said of it holds, also while one of the two is away."""

import asyncio
import json
from pathlib import Path

import nats
import pytest

from opensqt.domain.control import CONTROL_STREAM, KillLatched
from opensqt.runtime.bus.nats import NatsBus
from opensqt.runtime.bus.port import Stream, executor_queues
from opensqt.runtime.clock import RunClock
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from opensqt.runtime.journal.reading import decode_row
from opensqt.runtime.lease import LeaseKeeper
from services.gateway.process_client import ProcessClient
from tests.conditions import until
from tests.integration.afar import CONFIG, TOKEN, Afar
from tests.servers import NatsServer, PostgresServer

Capture = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.row("K12"), pytest.mark.row("E10")]


@pytest.fixture
async def afar(nats_server: NatsServer, postgres_server: PostgresServer, tmp_path: Path) -> Afar:
    """Return the servers of a desk that is ready to start."""
    desk = Afar(nats=nats_server, postgres=postgres_server, folder=tmp_path)
    await desk.prepare()
    return desk


async def test_it_is_killed_seen_and_resumed_by_its_servers_alone(
    afar: Afar, capsys: Capture, tmp_path: Path
) -> None:
    """Leader and standby obey, status and files say so, and the release goes to the leader."""
    async with afar.executor() as leader, afar.executor("two", leads=False) as standby:
        assert await afar.run("kill", "--reason", "drill") == 0
        out = capsys.readouterr().out
        assert "KILLED desk: executor-main cancelled 0 orders" in out
        assert "executor-main stands by and latched it as well" in out
        assert leader.status()["killed"]
        assert standby.status()["killed"]
        assert await afar.run("status", "--json") == 0
        last = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (last["killed"], last["mode"]) == (True, "HALTED")
        assert await afar.run("resume") == 0
        assert capsys.readouterr().out == "RESUMED desk: executor-main\n"
        assert not leader.status()["killed"]
        await until(lambda: not standby.status()["killed"])
        assert await afar.run("verify") == 0
        assert await afar.run("orders", "--json") == 0
        file = tmp_path / "desk.tar.gz"
        assert await afar.run("backup", "--to", str(file)) == 0
        assert file.exists()


async def test_a_release_needs_the_token_of_the_desk(afar: Afar, capsys: Capture) -> None:
    """Who reaches the bus and does not hold it releases nothing, with another one or with none."""
    async with afar.executor() as leader:
        assert await afar.run("kill") == 0
        right = afar.context.read_text(encoding="utf-8")
        (afar.folder / "other").write_text("another", encoding="utf-8")
        afar.context.write_text(right.replace("/token", "/other"), encoding="utf-8")
        assert await afar.run("resume") == 1
        assert "proof: expected one made with the token" in capsys.readouterr().err
        afar.context.write_text(right.replace("/token", "/nowhere"), encoding="utf-8")
        assert await afar.run("resume") == 2
        assert "a release needs the desk's token" in capsys.readouterr().err
        assert leader.status()["killed"]


async def test_without_a_bus_a_kill_goes_over_the_journal(afar: Afar, capsys: Capture) -> None:
    """The executor reads it there, and what it recorded confirms it; nothing can be released until the bus is back."""
    async with afar.executor() as leader:
        await asyncio.to_thread(afar.nats.kill)
        assert await afar.run("kill") == 0
        out = capsys.readouterr().out
        assert "KILLED desk: executor-main recorded that it obeyed" in out
        assert "the bus does not answer" in out
        assert leader.status()["killed"]
        assert await afar.run("resume") == 3
        assert "nothing was released: the bus does not answer" in capsys.readouterr().err
        assert await afar.run("status") == 0
        out = capsys.readouterr().out
        assert "KILLED" in out
        assert "the bus does not answer" in out
        assert await afar.run("verify") == 0
        assert leader.status()["killed"]


async def test_without_a_journal_a_kill_goes_over_the_bus(afar: Afar, capsys: Capture) -> None:
    """The executor answers by itself; what cannot be recorded is not released."""
    async with afar.executor() as leader:
        await asyncio.to_thread(afar.postgres.kill)
        assert await afar.run("kill") == 0
        out = capsys.readouterr().out
        assert "KILLED desk: executor-main cancelled 0 orders" in out
        assert "the journal does not answer" in out
        assert await afar.run("status") == 0
        assert "the journal does not answer" in capsys.readouterr().out
        assert await afar.run("resume") == 1
        assert "not done within" in capsys.readouterr().err
        assert leader.status()["killed"]
        await asyncio.to_thread(afar.postgres.start)


async def test_without_both_nothing_is_said_to_be_killed(afar: Afar, capsys: Capture) -> None:
    """Nobody heard it: the command says so and fails."""
    async with afar.executor() as leader:
        await asyncio.to_thread(afar.postgres.kill)
        await asyncio.to_thread(afar.nats.kill)
        assert await afar.run("kill") == 1
        out = capsys.readouterr().out
        assert "NOT killed: nobody heard the kill of desk" in out
        assert "KILLED" not in out.replace("NOT killed", "")
        assert await afar.run("status") == 3
        assert not leader.status()["killed"]
        await asyncio.to_thread(afar.nats.start)
        await asyncio.to_thread(afar.postgres.start)


async def test_a_desk_without_executors_is_latched_in_its_journal(
    afar: Afar, capsys: Capture
) -> None:
    """Nobody could send anything; the next executor is killed before it leads."""
    async with afar.executor():
        pass
    assert await afar.run("kill") == 0
    assert "latched in the journal: no executor runs" in capsys.readouterr().out
    async with afar.executor("next") as next_one:
        assert next_one.status()["killed"]


async def test_an_executor_that_runs_and_hears_nothing_has_not_confirmed(
    afar: Afar, capsys: Capture
) -> None:
    """Somebody renews the lease and answers nobody: that is no kill, whatever stands in the journal."""
    clock = RunClock()
    journal = await PostgresJournal.connect(afar.postgres.dsn, clock)
    leases = PostgresLeases(journal)
    lease = LeaseKeeper(leases, clock, name="executor/binance/main", holder="deaf", ttl_ms=1000)
    await lease.take()
    keeping = asyncio.create_task(lease.keep())
    assert await afar.run("kill") == 1
    out = capsys.readouterr().out
    assert "executor-main did NOT confirm: the kill stands in the journal and on the bus" in out
    keeping.cancel()
    await journal.close()


async def test_what_a_standby_recorded_is_not_its_leaders_word(afar: Afar, capsys: Capture) -> None:
    """The leader may be deaf while whoever stands by obeys and writes it down: orders can leave all the same."""
    clock = RunClock()
    journal = await PostgresJournal.connect(afar.postgres.dsn, clock)
    name = "executor/binance/main"
    lease = LeaseKeeper(PostgresLeases(journal), clock, name=name, holder="deaf", ttl_ms=1000)
    await lease.take()
    keeping = asyncio.create_task(lease.keep())
    async with afar.executor("two", leads=False) as standby:
        await asyncio.to_thread(afar.nats.kill)
        assert await afar.run("kill") == 1
        assert standby.status()["killed"]
        out = capsys.readouterr().out
        assert "executor-main did NOT confirm: the kill stands in the journal" in out
        assert "recorded that it obeyed" not in out
        await asyncio.to_thread(afar.nats.start)
    rows = await journal.read(0, 1000, stream_prefix=CONTROL_STREAM)
    recorded = [kill for row in rows if isinstance(kill := decode_row(row), KillLatched)]
    assert [(kill.account, kill.epoch) for kill in recorded] == [("", 0), ("main", 0)]
    keeping.cancel()
    await journal.close()


async def test_without_a_journal_an_executor_that_is_silent_is_known_by_its_queue(
    afar: Afar, capsys: Capture
) -> None:
    """One account confirmed; that another one trades here and said nothing is no kill of the desk."""
    clock = RunClock()
    bus = await NatsBus.connect(afar.nats.url, "executor-alt", monotonic_s=clock.monotonic_s)
    await bus.queue(Stream.EXITS, f"{executor_queues('alt')}3", ["cmd.exit.binance.alt.>"])
    async with afar.executor():
        await asyncio.to_thread(afar.postgres.kill)
        assert await afar.run("kill") == 1
        out = capsys.readouterr().out
        assert "KILLED desk: executor-main cancelled 0 orders" in out
        assert "executor-alt did NOT confirm: the kill stands on the bus" in out
        await asyncio.to_thread(afar.postgres.start)
    await bus.close()


async def test_a_strategy_that_nobody_has_is_not_killed(afar: Afar, capsys: Capture) -> None:
    """It is refused in the executors' words, and nothing of it is recorded or published."""
    async with afar.executor():
        assert await afar.run("kill", "--strategy", "grid-prep") == 2
        assert "(known: grid-perp, manual)" in capsys.readouterr().err
        assert await afar.run("events", "--type", "KillLatched") == 0
        assert capsys.readouterr().out == ""
        assert await afar.run("kill", "--strategy", "grid-perp") == 0
        assert "KILLED strategy/grid-perp: executor-main" in capsys.readouterr().out


async def test_the_page_sees_and_commands_processes_that_have_no_ports_here(afar: Afar) -> None:
    """Leader and standby are shown apart; a release from the page is proved by the desk's token."""
    clock = RunClock()
    async with afar.executor() as leader, afar.executor("two", leads=False):
        bus = await NatsBus.connect(afar.nats.url, "gateway", monotonic_s=clock.monotonic_s)
        desk = ProcessClient(CONFIG, None, 1.0, bus.client)

        async def shows_both() -> bool:
            await desk.ask()
            names = {one.name for one in desk.processes}
            return names == {"executor-main", "executor-main (standby)"}

        await until(shows_both)
        words = {"scope": "desk", "reason": "", "actor": "page"}
        (killed,) = await desk.command("/kill", words, "", 5.0)
        assert killed.ok
        assert leader.status()["killed"]
        names = {"kill_ids": await desk.kills_in_force("desk")}
        (refused,) = await desk.command("/resume", words | names, "another", 5.0)
        assert "proof: expected" in refused.detail
        (resumed,) = await desk.command("/resume", words | names, TOKEN, 5.0)
        assert resumed.ok
        assert not leader.status()["killed"]
        await bus.close()


@pytest.mark.parametrize(
    "body, told",
    [
        (b"", "no scope was named"),
        (b'{"scop": "strategy/grid-perp"}', "no scope was named"),
        (b"fire!", "the body must be a JSON object"),
        (b'["kill"]', "the body must be a JSON object"),
    ],
)
async def test_a_kill_that_is_unclear_kills_the_desk_and_says_so(
    afar: Afar, body: bytes, told: str
) -> None:
    """Somebody asked for a kill and cannot say it well: too much is stopped rather than nothing."""
    async with afar.executor() as leader:
        client = await nats.connect(afar.nats.url)
        said = json.loads((await client.request("svc.desk.kill", body, timeout=5)).data)
        assert said["killed"]
        assert said["unclear"] == f"{told}: taken as a kill of the whole desk"
        assert "desk" in leader.status()["kill_ids"]
        words = json.dumps({"scope": "strategy/grid-perp"}).encode()
        clear = json.loads((await client.request("svc.desk.kill", words, timeout=5)).data)
        assert (clear["killed"], "unclear" in clear) == (True, False)
        await client.close()
