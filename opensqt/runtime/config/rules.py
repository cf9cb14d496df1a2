"""What must hold between the tables of a configuration. Raises one line for each breach."""

import re
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, ONE, NotADecimal, parse
from opensqt.domain.instruments import quote_asset
from opensqt.runtime.config.reader import ConfigError
from opensqt.runtime.config.schema import (
    BUILT_PROFILES,
    SCHEMA,
    AccountConfig,
    CarryConfig,
    Config,
    GridConfig,
    GridMode,
    Profile,
    Strategy,
    symbols_of,
)
from opensqt.runtime.config.venue_names import built_in_venues, installed_venues

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")
ASSET = r"[^\W_a-z]+"  # letters and digits of any script, as venues list them; small letters of ASCII are a slip
SPOT_SYMBOL = re.compile(f"{ASSET}/{ASSET}")
PERP_SYMBOL = re.compile(f"{ASSET}/{ASSET}:{ASSET}")
SECRET = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)")
HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"
)  # name, IPv4, IPv6
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
    for name in config.venues:
        if name not in built_in_venues() and name not in installed_venues():
            known = ", ".join((*built_in_venues(), *installed_venues()))
            raise _bad("name in venues", name, f"one of {known} (others are not built)")
    for symbol in config.paper.funding:
        _check_symbol(f"paper.funding.{symbol}", symbol, perp=True)
    for name, account in config.accounts.items():
        _check_account(f"accounts.{name}", account, config)
    resolved = {name: _check_strategy(name, s, config) for name, s in config.strategies.items()}
    return msgspec.structs.replace(config, strategies=resolved)


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
    }
    for table, names in tables.items():
        if not names:
            raise ConfigError(f"{table} is empty: expected at least one [{table}.NAME]")
        for name in names:
            if NAME.fullmatch(name) is None:
                raise _bad(
                    f"name in {table}", name, "1 to 32 of A-Z a-z 0-9 _ -, no leading - or _"
                )


def _check_account(path: str, account: AccountConfig, config: Config) -> None:
    if account.venue not in config.venues:
        raise _bad(f"{path}.venue", account.venue, f"one of {', '.join(config.venues)}")
    for field, reference in account.secrets.items():
        if SECRET.fullmatch(reference) is None:
            # The value is not shown: somebody may have written the secret itself here.
            raise ConfigError(
                f"{path}.{field}: expected env:NAME or file:PATH, never the key itself"
            )
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


def _check_strategy(name: str, strategy: Strategy, config: Config) -> Strategy:
    path = f"strategies.{name}"
    if strategy.account not in config.accounts:
        raise _bad(f"{path}.account", strategy.account, f"one of {', '.join(config.accounts)}")
    order_max = _order_max(strategy, config)
    if strategy.order_notional_quote > order_max:
        raise _bad(
            f"{path}.order_notional_quote",
            strategy.order_notional_quote,
            f"at most risk.order_notional_quote_max = {order_max} (or raise that)",
        )
    if isinstance(strategy, GridConfig):
        _check_grid(path, strategy)
        return _with_inventory(path, strategy)
    _check_carry(path, strategy)
    size = strategy.order_notional_quote or min(strategy.notional_quote_max, order_max)
    return msgspec.structs.replace(strategy, order_notional_quote=size)


def _order_max(strategy: Strategy, config: Config) -> Decimal:
    """Return the largest order that risk allows, in the quote asset; what cannot be valued yet has no bound here."""
    rate = config.risk.rate(quote_asset(symbols_of(strategy)[0]))
    return Decimal("Infinity") if rate is None else config.risk.order_notional_quote_max / rate


def _with_inventory(path: str, grid: GridConfig) -> GridConfig:
    """Return the grid with the most that it may hold: by default what the levels of one side come to."""
    levels = grid.levels_below
    if grid.mode is GridMode.NEUTRAL:
        levels = max(levels, grid.levels_above)
    if not grid.inventory_notional_quote_max:
        # Orders are bought on the way: the first one is worth more, or less, at the price of the last.
        most = levels * grid.order_notional_quote * (ONE + levels * grid.step_bps * BPS)
        return msgspec.structs.replace(grid, inventory_notional_quote_max=most)
    if grid.inventory_notional_quote_max < grid.order_notional_quote:
        limit = f"at least order_notional_quote = {grid.order_notional_quote}, or 0 for the default"
        raise _bad(f"{path}.inventory_notional_quote_max", grid.inventory_notional_quote_max, limit)
    return grid


def _check_grid(path: str, grid: GridConfig) -> None:
    _check_symbol(f"{path}.symbol", grid.symbol, perp=":" in grid.symbol)
    if grid.mode is GridMode.NEUTRAL and ":" not in grid.symbol:
        raise _bad(
            f"{path}.mode", grid.mode, "long (spot cannot go short; neutral needs a perpetual)"
        )
    if grid.levels_below + grid.levels_above == 0:
        raise ConfigError(f"{path}.levels_below and levels_above are both 0: expected one above 0")
    if grid.mode is GridMode.LONG and grid.levels_below == 0:
        raise _bad(f"{path}.levels_below", 0, "at least 1: a long grid buys below the price")
    if grid.anchor:
        try:
            good = parse(grid.anchor) > 0
        except NotADecimal:
            good = False
        if not good:
            raise _bad(f"{path}.anchor", grid.anchor, 'a price above 0, or "" for the first price')


def _check_carry(path: str, carry: CarryConfig) -> None:
    _check_symbol(f"{path}.spot", carry.spot, perp=False)
    _check_symbol(f"{path}.perp", carry.perp, perp=True)
    if carry.perp.partition(":")[0] != carry.spot:
        raise _bad(f"{path}.perp", carry.perp, f"the perpetual of {carry.spot}")
    if carry.exit_apr_max >= carry.entry_apr_min:
        limit = f"below entry_apr_min = {carry.entry_apr_min}, or it would enter and leave at once"
        raise _bad(f"{path}.exit_apr_max", carry.exit_apr_max, limit)
    if carry.order_notional_quote > carry.notional_quote_max:
        limit = f"at most notional_quote_max = {carry.notional_quote_max}"
        raise _bad(f"{path}.order_notional_quote", carry.order_notional_quote, limit)


def _check_symbol(path: str, symbol: str, *, perp: bool) -> None:
    pattern, example = (PERP_SYMBOL, "BTC/USDT:USDT") if perp else (SPOT_SYMBOL, "BTC/USDT")
    if pattern.fullmatch(symbol) is None:
        raise _bad(path, symbol, f"a symbol like {example}")


def _bad(path: str, value: object, expected: str) -> ConfigError:
    return ConfigError(f'{path} = "{value}": expected {expected}')
