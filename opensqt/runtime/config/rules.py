"""What must hold between the tables of a configuration. Raises one line for each breach."""

import re
from decimal import Decimal

import msgspec

from opensqt.domain.control import MANUAL_OWNER
from opensqt.domain.instruments import quote_asset
from opensqt.runtime.config.alerts import MAY_HAVE, NEEDS, AlertConfig
from opensqt.runtime.config.reader import ConfigError
from opensqt.runtime.config.schema import (
    BUILT_PROFILES,
    SCHEMA,
    AccountConfig,
    Config,
    Profile,
    RiskConfig,
)
from opensqt.runtime.config.venue_names import built_in_venues, installed_venues
from opensqt.strategies.settings import PERP_SYMBOL, SettingError, Settings

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
SECRET = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)")
HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)  # name, IPv4, IPv6
POSITIONS_MAX, ASSET_POSITIONS_MAX = 5, 2  # the whole desk, and one asset of it, in full positions
MARKET = re.compile(r"(synthetic:\d+(:.+)?|recorded:.+)")


def check_rules(config: Config) -> Config:
    """Return the configuration with its defaults resolved, or raise `ConfigError`."""
    if config.schema != SCHEMA:
        raise _bad("schema", config.schema, f"{SCHEMA} (this version reads no other)")
    require_built(config.run.profile)
    _check_names(config)
    if MARKET.fullmatch(config.paper.market) is None:
        raise _bad(
            "paper.market", config.paper.market, "synthetic:SEED[:SYMBOLS] or recorded:PATH[,PATH]"
        )
    if HOST.fullmatch(config.gateway.host) is None:
        raise _bad("gateway.host", config.gateway.host, "a name or address, like 127.0.0.1")
    certificate = config.gateway.grpc_certificate
    if bool(certificate) != bool(config.gateway.grpc_private_key):
        raise _bad(
            "gateway.grpc_certificate", certificate, "grpc_private_key beside it, or neither"
        )
    if config.gateway.grpc_client_authority and not certificate:
        raise _bad("gateway.grpc_client_authority", "", "grpc_certificate beside it")
    for name in config.venues:
        if name not in built_in_venues() and name not in installed_venues():
            known = ", ".join((*built_in_venues(), *installed_venues()))
            raise _bad("name in venues", name, f"one of {known} (others are not built)")
    for symbol in config.paper.funding:
        if PERP_SYMBOL.fullmatch(symbol) is None:
            raise _bad(f"paper.funding.{symbol}", symbol, "a symbol like BTC/USDT:USDT")
    for name, account in config.accounts.items():
        _check_account(f"accounts.{name}", account, config)
    resolved = {name: _check_strategy(name, s, config) for name, s in config.strategies.items()}
    _check_breakers(config)
    for name, channel in config.alerts.items():
        _check_alerts(f"alerts.{name}", channel)
    return msgspec.structs.replace(config, strategies=resolved, risk=_with_totals(config.risk))


def _with_totals(risk: RiskConfig) -> RiskConfig:
    """Return [risk] with the caps on the whole desk; what is not given follows from that of one position."""
    one = risk.position_notional_quote_max
    return msgspec.structs.replace(
        risk,
        exposure_notional_quote_max=risk.exposure_notional_quote_max or one * POSITIONS_MAX,
        asset_notional_quote_max=risk.asset_notional_quote_max or one * ASSET_POSITIONS_MAX,
    )


def require_built(profile: Profile) -> None:
    """Raise `ConfigError` for a profile that no code stands behind: nothing of it may reach a host."""
    if profile not in BUILT_PROFILES:
        built = ", ".join(sorted(BUILT_PROFILES))
        raise _bad("run.profile", profile, f"{built} ({profile} is not built and reaches no host)")


def _check_names(config: Config) -> None:
    tables = {
        "desk": [config.desk],
        "venues": list(config.venues),
        "accounts": list(config.accounts),
        "strategies": list(config.strategies),
        "alerts": list(config.alerts),
    }
    for table, names in tables.items():
        if not names and table != "alerts":
            raise ConfigError(f"{table} is empty: expected at least one [{table}.NAME]")
        for name in names:
            if NAME.fullmatch(name) is None:
                raise _bad(
                    f"name in {table}", name, "1 to 32 of A-Z a-z 0-9 _ -, no leading - or _"
                )


def _check_breakers(config: Config) -> None:
    market, traded = config.breakers.market, {symbol for _, _, symbol in config.places()}
    for symbol in market.symbols:
        if symbol not in traded:
            known = ", ".join(sorted(traded))
            raise _bad(
                "breakers.market.symbols", symbol, f"symbols that a strategy trades: {known}"
            )
    watched = len(market.symbols or traded)
    if market.recovered_symbols_min > watched:
        most = f"at most {watched}, the symbols that are watched"
        raise _bad("breakers.market.recovered_symbols_min", market.recovered_symbols_min, most)
    for name in ("desk_loss", "symbol_loss"):
        loss = getattr(config.breakers, name)
        if loss.drawdown_share_max and not loss.capital_quote:
            raise ConfigError(
                f"breakers.{name}.capital_quote is missing: drawdown_share_max is a share of it"
            )


def _check_account(path: str, account: AccountConfig, config: Config) -> None:
    if account.venue not in config.venues:
        raise _bad(f"{path}.venue", account.venue, f"one of {', '.join(config.venues)}")
    _check_secrets(path, account.secrets)
    if config.run.profile is Profile.PAPER:
        if account.secrets:
            given = ", ".join(account.secrets)
            raise ConfigError(f"{path}.{given}: paper needs no keys; remove them")
        if not account.balances:
            raise ConfigError(f'{path}.balances is empty: expected e.g. {{ USDT = "100000" }}')
        for asset in account.balances:
            if asset != asset.upper():
                raise _bad(f"asset in {path}.balances", asset, f"capitals, like {asset.upper()}")
        return
    if account.balances:
        raise ConfigError(f"{path}.balances: only paper has them; the venue knows the real ones")


def _check_secrets(path: str, references: dict[str, str]) -> None:
    for field, reference in references.items():
        if SECRET.fullmatch(reference) is None:
            # The value is not shown: somebody may have written the secret itself here.
            raise ConfigError(
                f"{path}.{field}: expected env:NAME or file:PATH, never the secret itself"
            )


def _check_alerts(path: str, channel: AlertConfig) -> None:
    _check_secrets(path, channel.secrets)
    given = {name for name in ("url", "token", "chat") if getattr(channel, name)}
    needs = NEEDS[channel.kind]
    if missing := [name for name in needs if name not in given]:
        raise ConfigError(
            f"{path}.{missing[0]} is missing: {channel.kind} needs {' and '.join(needs)}"
        )
    if strange := sorted(given.difference(needs, MAY_HAVE[channel.kind])):
        raise ConfigError(f"{path}.{strange[0]}: {channel.kind} has none; remove it")


def _check_strategy(name: str, strategy: Settings, config: Config) -> Settings:
    path = f"strategies.{name}"
    if name == MANUAL_OWNER:
        raise ConfigError(f"{path}: this name is kept for orders by hand; take another one")
    if strategy.account not in config.accounts:
        raise _bad(f"{path}.account", strategy.account, f"one of {', '.join(config.accounts)}")
    if not strategy.symbols:
        raise ConfigError(f"{path} names no symbol: expected a setting like BTC/USDT")
    return resolved(path, strategy, config)


def resolved(path: str, strategy: Settings, config: Config) -> Settings:
    """Return a strategy's settings with their defaults, or raise `ConfigError`."""
    order_max = _order_max(strategy, config)
    if strategy.order_notional_quote > order_max:
        raise _bad(
            f"{path}.order_notional_quote",
            strategy.order_notional_quote,
            f"at most risk.order_notional_quote_max = {order_max} (or raise that)",
        )
    try:
        return strategy.resolved(order_max)
    except SettingError as error:
        raise ConfigError(f"{path}.{error}") from error


def _order_max(strategy: Settings, config: Config) -> Decimal:
    """Return the largest order that risk allows, in the quote asset; what cannot be valued yet has no bound here."""
    rate = config.risk.rate(quote_asset(strategy.symbols[0]))
    return Decimal("Infinity") if rate is None else config.risk.order_notional_quote_max / rate


def _bad(path: str, value: object, expected: str) -> ConfigError:
    return ConfigError(f'{path} = "{value}": expected {expected}')
