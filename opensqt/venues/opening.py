"""Opens the venue of an account from configuration and environment; the only place that reads its credentials."""

import json
import random
from collections.abc import Mapping
from pathlib import Path

from opensqt.domain.instruments import Market, market_of
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.all import (
    AccountConfig,
    Config,
    ConfigError,
    Profile,
    secret,
)
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.environment import PAPER_KEYS_FILE
from opensqt.venues.engine.dialect import Dialect
from opensqt.venues.engine.rate_limit import executor_part
from opensqt.venues.engine.rest import Credentials, VenueRest
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from opensqt.venues.port import Venue
from opensqt.venues.registry import dialect_of, require_proof
from opensqt.venues.session import open_session

PAPER_KEYS = Path("venue") / "keys.json"


def open_venue(
    config: Config,
    account: str,
    *,
    clock: Clock,
    environ: Mapping[str, str],
    data: Path,
    jitter: random.Random,
) -> Venue:
    """Return the venue of this account, not yet connected; raise `ConfigError` naming what is missing.

    Needs a running event loop. `jitter` spreads retries.
    """
    venue = config.accounts[account].venue
    dialect = dialect_of(venue)
    settings = config.venues[venue]
    paper = config.run.profile is Profile.PAPER
    require_proof(dialect, settings, config.run.profile)
    credentials = _credentials(config, account, dialect, environ, data)
    accounts = sum(each.venue == venue for each in config.accounts.values())
    rest = VenueRest(
        dialect,
        session=open_session(environ, config.run.profile),
        clock=clock,
        config=settings,
        credentials=credentials,
        markets=markets_of(config, account),
        jitter=jitter,
        part=executor_part(accounts),
    )
    rules = config.paper.rules if paper else PaperRules.BINANCE
    return VenueAccount(rest, account=account, policy=policy_of(venue, settings, rules=rules))


def markets_of(config: Config, account: str) -> frozenset[Market]:
    """Return the markets that the strategies of this account trade; all, where there is none."""
    found = {
        market_of(symbol)
        for strategy in config.strategies.values()
        if strategy.account == account
        for symbol in strategy.symbols
    }
    return frozenset(found or Market)


def credentials_of(
    account: AccountConfig, dialect: Dialect, environ: Mapping[str, str]
) -> Credentials:
    """Fetch what the venue needs to know an account; raise `ConfigError` naming what is missing, never its content."""
    missing = [name for name in dialect.secrets if name not in account.secrets]
    if missing:
        raise ConfigError(
            f"{missing[0]} is missing: {dialect.name} needs {', '.join(dialect.secrets)}"
        )
    return Credentials(**{name: secret(account.secrets[name], environ) for name in dialect.secrets})


def _credentials(
    config: Config, account: str, dialect: Dialect, environ: Mapping[str, str], data: Path
) -> Credentials:
    if config.run.profile is not Profile.PAPER:
        return credentials_of(config.accounts[account], dialect, environ)
    path = Path(environ.get(PAPER_KEYS_FILE) or data / PAPER_KEYS)
    try:
        pair = json.loads(path.read_bytes())[account]
        return Credentials(**{name: pair[name] for name in dialect.secrets})
    except FileNotFoundError as error:
        raise ConfigError(
            f"{path} does not exist: the paper venue writes it at its start"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{path} holds no key pair of account {account!r}") from error
