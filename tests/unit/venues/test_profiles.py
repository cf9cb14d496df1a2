"""A profile that is not built refuses: in one line, in every process that reads it, before a socket opens."""

import os
import random
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import msgspec
import pytest

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import Config, ConfigError, Profile, parse_config
from opensqt.venues.feed_opening import open_feed
from opensqt.venues.opening import open_venue
from opensqt.venues.session import open_session

TEXT = derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7")
UNBUILT = ("testnet", "live")
# A complete configuration of an account at the real venue: nothing else is wrong with it.
REAL = TEXT.replace(
    'balances = { USDT = "100000", BTC = "1" }', 'api_key = "env:A"\nsecret = "env:B"'
)
PROCESSES = (
    ("services.executor", "--account", "main"),
    ("services.market_data", "--venue", "binance"),
    ("services.grid",),
    ("services.arb",),
    ("services.risk",),
    ("services.gateway",),
)


def refusal(profile: str) -> str:
    """Return the one line that names field, value and what works."""
    return f'run.profile = "{profile}": expected paper ({profile} is not built and reaches no host)'


def configured(profile: str) -> Config:
    """Return a configuration that nobody judged."""
    config = parse_config(TEXT, {})
    return msgspec.structs.replace(
        config, run=msgspec.structs.replace(config.run, profile=Profile(profile))
    )


@pytest.mark.row("G09")
@pytest.mark.parametrize("profile", UNBUILT)
@pytest.mark.parametrize("text", [TEXT, REAL])
def test_what_is_not_built_is_refused_whatever_else_is_written(profile: str, text: str) -> None:
    """The profile is named first, in the file and from the environment."""
    with pytest.raises(ConfigError) as written:
        parse_config(text.replace('profile = "paper"', f'profile = "{profile}"'), {})
    assert str(written.value) == refusal(profile)
    with pytest.raises(ConfigError) as overlaid:
        parse_config(text, {"OPENSQT__RUN__PROFILE": profile})
    assert str(overlaid.value) == refusal(profile)


@pytest.mark.parametrize("profile", UNBUILT)
@pytest.mark.parametrize("words", [("config", "check"), ("up", "--for", "1s")])
def test_the_command_says_it_in_one_line_and_starts_nothing(
    profile: str, words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both end with 2, and leave no data folder behind."""
    path = tmp_path / "desk.toml"
    path.write_text(REAL.replace('profile = "paper"', f'profile = "{profile}"'))
    data = tmp_path / "data"
    assert main([*words, "--config", str(path), "--data", str(data)]) == 2
    said = capsys.readouterr()
    assert (said.out, data.exists()) == ("", False)
    assert said.err.count("\n") == 1
    assert refusal(profile) in said.err


@pytest.mark.parametrize("words", PROCESSES, ids=lambda words: words[0])
def test_every_process_that_reads_the_configuration_refuses_it(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    """A process that somebody starts by itself ends with 2 and says why; it has reached no server by then."""
    path = tmp_path / "desk.toml"
    path.write_text(REAL)
    environ = {
        **os.environ,
        "OPENSQT_CONFIG": str(path),
        "OPENSQT_DATA": str(tmp_path),
        "OPENSQT_NATS_URL": "nats://127.0.0.1:1",
        "OPENSQT_POSTGRES_DSN": "postgresql://desk@127.0.0.1:1/desk",
        "OPENSQT__RUN__PROFILE": "live",
    }
    ended = subprocess.run(
        [sys.executable, "-m", *words],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "run.profile" in ended.stderr
    assert "not built" in ended.stderr


@pytest.mark.parametrize("profile", UNBUILT)
async def test_no_client_of_it_is_made_and_no_socket_opened(
    profile: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody judged the configuration: session, feed and venue raise, paper's address given or not."""

    def opened(*_: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket.socket, "connect", opened)
    monkeypatch.setattr(socket, "getaddrinfo", opened)
    config = configured(profile)
    environ = {"A": "key", "B": "secret", "OPENSQT_PAPER_VENUE": "127.0.0.1:1"}
    account = msgspec.structs.replace(
        config.accounts["main"], balances={}, api_key="env:A", secret="env:B"
    )
    config = msgspec.structs.replace(config, accounts={"main": account})
    jitter = random.Random(1)
    with pytest.raises(ConfigError, match="not built"):
        open_session(environ, Profile(profile))
    with pytest.raises(ConfigError, match="not built"):
        open_venue(config, "main", clock=RunClock(), environ=environ, data=tmp_path, jitter=jitter)
    with pytest.raises(ConfigError, match="not built"):
        open_feed(config, "binance", (), clock=RunClock(), environ=environ, jitter=jitter)
