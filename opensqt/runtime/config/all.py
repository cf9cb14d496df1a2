"""Configuration: TOML and environment into typed tables, each error one line. Never holds a secret itself."""

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.runtime.config.overlay import overlay
from opensqt.runtime.config.reader import ConfigError, read_config
from opensqt.runtime.config.rules import check_rules
from opensqt.runtime.config.schema import (
    AccountConfig,
    Config,
    GatewayConfig,
    OnStop,
    PaperConfig,
    PaperFunding,
    Profile,
    RiskConfig,
    RunConfig,
    TelemetryConfig,
    VenueConfig,
)
from opensqt.runtime.config.strategy_changes import NO_CHANGES, StrategyChanges
from opensqt.strategies.settings import Settings

__all__ = [
    "AccountConfig",
    "Config",
    "ConfigError",
    "GatewayConfig",
    "OnStop",
    "PaperConfig",
    "PaperFunding",
    "Profile",
    "RiskConfig",
    "RunConfig",
    "TelemetryConfig",
    "VenueConfig",
    "config_hash",
    "load",
    "parse_config",
    "secret",
    "strategy_hash",
]


BYTE_ORDER_MARK = "\ufeff"


def load(path: Path, environ: Mapping[str, str], changes: StrategyChanges = NO_CHANGES) -> Config:
    """Read and check a configuration file with its overlay; raise `ConfigError` naming field and fix.

    `changes` are the strategies that were added and removed while the desk ran.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"configuration {path} does not exist: run `opensqt config init --config {path}`,"
            " or name another with --config"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration {path} cannot be read: {error}") from error
    if text.startswith(BYTE_ORDER_MARK):
        raise ConfigError(
            f"configuration {path} begins with a byte order mark: save it as UTF-8 without one"
        )
    try:
        return parse_config(text, environ, changes)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_config(
    text: str, environ: Mapping[str, str], changes: StrategyChanges = NO_CHANGES
) -> Config:
    """Read and check a configuration text with its overlay; raise `ConfigError` naming field and fix."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not valid TOML: {error}") from error
    except RecursionError:
        raise ConfigError("not valid TOML: tables or lists are nested too deep") from None
    if isinstance(tables := raw.get("strategies"), dict):
        raw["strategies"] = changes.over(tables)
    return check_rules(read_config(overlay(raw, environ)))


def config_hash(config: Config) -> str:
    """Return the SHA-256 (hex) of the configuration's values; comments and order do not count.

    What backtests assume, portfolios are proposed by and who is told of alerts is no part of it: no desk trades
    differently for it.
    """
    values = msgspec.to_builtins(config)
    del values["backtest"], values["portfolio"], values["alerts"]
    return _hash(values)


def strategy_hash(strategy: Settings) -> str:
    """Return the SHA-256 (hex) of one strategy's values."""
    return _hash(strategy)


def secret(reference: str, environ: Mapping[str, str]) -> str:
    """Fetch what `env:NAME` or `file:PATH` refers to; errors name the reference, never the content."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        found = environ.get(name, "")
    elif kind == "file":
        try:
            found = Path(name).expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(f"secret file:{name} cannot be read: {error.strerror}") from error
    else:
        raise ConfigError("a secret must be env:NAME or file:PATH; never write the secret itself")
    if not found:
        raise ConfigError(f"secret {kind}:{name} is empty or not set")
    return found


def _hash(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
