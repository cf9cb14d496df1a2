"""In paper nothing can resolve elsewhere, and a key shows itself to nobody."""

import random
import socket
from pathlib import Path

import msgspec
import pytest

from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import AccountConfig, ConfigError, Profile, parse_config
from opensqt.venues.binance.dialect import DIALECT as BINANCE
from opensqt.venues.engine.rest import Credentials
from opensqt.venues.opening import credentials_of, markets_of, open_venue
from opensqt.venues.policy import policy_of
from opensqt.venues.session import PAPER_CA, PAPER_VENUE, NoVenue, OneHost, open_session

CONFIG = """
schema = 1
desk = "paper"
[venues.binance]
deadline_ms = 1500
visibility_lag_ms = 700
[accounts.main]
venue = "binance"
balances = { USDT = "1000" }
[strategies.grid]
kind = "grid"
account = "main"
symbol = "BTC/USDT"
mode = "long"
step_bps = "25"
levels_below = 2
levels_above = 2
order_notional_quote = "100"
"""


@pytest.mark.parametrize("host", ["api.binance.com", "fstream.binance.com", "example.org"])
async def test_every_name_is_the_paper_venue(host: str) -> None:
    """Whatever host is asked for, with whatever port, the answer is the one address."""
    (found,) = await OneHost("127.0.0.1", 4711).resolve(host, 443, socket.AF_INET)
    assert (found["host"], found["port"], found["hostname"]) == ("127.0.0.1", 4711, host)


@pytest.mark.parametrize(
    "environ,named",
    [
        ({}, PAPER_VENUE),
        ({PAPER_VENUE: "127.0.0.1"}, PAPER_VENUE),
        ({PAPER_VENUE: "127.0.0.1:x"}, PAPER_VENUE),
        ({PAPER_VENUE: "127.0.0.1:1"}, PAPER_CA),
        ({PAPER_VENUE: "127.0.0.1:1", PAPER_CA: "/nowhere/ca.pem"}, PAPER_CA),
    ],
)
async def test_paper_without_its_address_does_not_start(
    environ: dict[str, str], named: str
) -> None:
    """Nothing falls back to the real venue: the missing variable is named."""
    with pytest.raises(NoVenue, match=named):
        open_session(environ, Profile.PAPER)


async def test_missing_key_pair_is_named(tmp_path: Path) -> None:
    """Without the paper venue's key file the error says where it was looked for."""
    config = parse_config(CONFIG, {})
    with pytest.raises(ConfigError, match=r"keys\.json"):
        open_venue(
            config,
            "main",
            clock=RunClock(),
            environ={},
            data=tmp_path,
            jitter=random.Random(1),
        )


def test_credentials_show_nothing() -> None:
    """Neither repr nor str of a key pair holds it."""
    pair = Credentials(api_key="visible-key", secret="visible-secret")
    assert "visible" not in f"{pair!r} {pair}"


def test_policy_takes_its_times_from_the_configuration() -> None:
    """Deadline and visibility lag are the trader's, the rest is the venue's."""
    policy = policy_of("binance", parse_config(CONFIG, {}).venues["binance"])
    assert (policy.deadline_ms, policy.visibility_lag_ms) == (1500, 700)
    assert policy.id_unique == "open"
    with pytest.raises(ConfigError, match="kraken"):
        policy_of("kraken")


def test_policy_of_a_paper_venue_follows_its_rules() -> None:
    """Under Gate's rules an id is never unique and names open orders only; the configuration says which."""
    config = parse_config(CONFIG + '[paper]\nrules = "gate"\n', {})
    policy = policy_of("binance", config.venues["binance"], rules=config.paper.rules)
    assert (policy.id_unique, policy.by_id_query, policy.deadline_ms) == ("never", "open", 1500)
    with pytest.raises(ConfigError, match="rules"):
        parse_config(CONFIG + '[paper]\nrules = "kraken"\n', {})


def test_only_the_markets_that_are_traded_are_reached() -> None:
    """A spot strategy needs no futures account."""
    config = parse_config(CONFIG, {})
    assert [market.value for market in markets_of(config, "main")] == ["spot"]
    assert len(markets_of(config, "other")) == 2


def test_a_venue_names_the_secrets_that_it_needs() -> None:
    """Each is fetched by its reference and handed to ccxt in its words; one that is not named is missed by name."""
    venue = msgspec.structs.replace(BINANCE, secrets=("api_key", "secret", "passphrase"))
    pair = AccountConfig(venue="binance", api_key="env:K", secret="env:S")
    environ = {"K": "key", "S": "hidden", "P": "phrase"}
    with pytest.raises(ConfigError, match="passphrase is missing"):
        credentials_of(pair, venue, environ)
    account = msgspec.structs.replace(pair, passphrase="env:P")
    found = credentials_of(account, venue, environ).in_words_of_ccxt()
    assert found == {"apiKey": "key", "secret": "hidden", "password": "phrase"}
    assert "password" not in credentials_of(account, BINANCE, environ).in_words_of_ccxt()
