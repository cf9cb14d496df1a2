"""What a start would do, decided before anything is written: configuration, market, clock, ports."""

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from opensqt.desk.alert_check import mute_channels
from opensqt.desk.config_default import derive
from opensqt.desk.error import CliError
from opensqt.desk.feasibility import findings, warnings
from opensqt.desk.runfile import RunFile
from opensqt.domain.clean_text import cleaned
from opensqt.domain.instruments import Market
from opensqt.runtime.clock import ClockOrigin, continue_origin
from opensqt.runtime.config.all import (
    Config,
    ConfigError,
    PaperFunding,
    Profile,
    load,
    parse_config,
)
from opensqt.runtime.config.strategy_changes import StrategyChanges
from opensqt.runtime.config.strategy_file import read_changes
from opensqt.runtime.strategy.registry import understood
from opensqt.simulation.market.flow import MarketFlow
from opensqt.simulation.market.sources import MarketRefused, first_mids, open_checked, open_flow
from opensqt.strategies.prospect import ExpectedFunding, MarketView

FILE_NAME = "opensqt.toml"
MARKET_DEFAULT = "synthetic:7"
RECORDED = "recorded:"
SPEED_MIN, SPEED_MAX = Decimal("0.001"), Decimal(100)
SPEED_DIGITS_MAX, SPEED_SHOWN_MAX = 30, 40
MARKET_KEY, SPEED_KEY = "OPENSQT__PAPER__MARKET", "OPENSQT__PAPER__SPEED"


class StartPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration of a start; `derived` is its text when it must still be written to the folder."""

    config: Config
    understood: Config  # with the settings of every plug-in typed by its code
    config_path: Path
    environ: dict[str, str]
    derived: str = ""
    origin_market_ms: int | None = None
    market: MarketView | None = None  # outside paper the venue tells, once it is reached

    def findings(self) -> list[str]:
        """Return what could not trade as it is configured, a sentence each."""
        found = [] if self.market is None else list(findings(self.understood, self.market))
        return found + list(mute_channels(self.config, self.environ))

    def warnings(self) -> list[str]:
        """Return what would start and then hardly ever trade, a sentence each."""
        return [] if self.market is None else list(warnings(self.understood, self.market))


def make_plan(
    data: Path,
    environ: Mapping[str, str],
    *,
    config_path: Path | None = None,
    market: str = "",
    speed: str = "",
    changes: StrategyChanges | None = None,
) -> StartPlan:
    """Read or derive the configuration and open its market once; raise `ConfigError` or `CliError`.

    `changes` of strategies are those that the folder knows, where none are given.
    """
    overlaid = dict(environ)
    if market:
        overlaid[MARKET_KEY] = absolute_market(market)
    if speed:
        overlaid[SPEED_KEY] = _checked_speed(speed)
    named = config_path or named_by(environ)
    path = (named or data / FILE_NAME).absolute()
    derived = ""
    if named is None and not path.exists():
        market = overlaid.get(MARKET_KEY) or MARKET_DEFAULT
        # The market is the folder's from now on; a speed that was asked for once is not kept.
        derived = default_text(market)
        config = parse_config(derived, overlaid)
    else:
        config = load(path, overlaid, read_changes(data) if changes is None else changes)
    known = understood(config, path.parent)
    origin_ms, view = None, None
    if config.run.profile is Profile.PAPER:
        flow = open_market(config.paper.market)
        _check_symbols(known, flow)
        origin_ms = flow.origin_ms
        view = MarketView(
            rules={rules.symbol: rules for rules in flow.instruments},
            mids=first_mids(flow),
            fundings={
                rules.symbol: _funding(config, rules.symbol)
                for rules in flow.instruments
                if rules.market is Market.PERP
            },
        )
    return StartPlan(
        config=config,
        understood=known,
        config_path=path,
        environ=overlaid,
        derived=derived,
        origin_market_ms=origin_ms,
        market=view,
    )


def refuse_untradable(plan: StartPlan) -> None:
    """Raise `ConfigError` with the first finding, where there is one."""
    found = plan.findings()
    if found:
        more = f" (and {len(found) - 1} more: opensqt config check)" if len(found) > 1 else ""
        raise ConfigError(found[0] + more)


def named_by(environ: Mapping[str, str]) -> Path | None:
    """Return the configuration file that the environment names, if it names one."""
    return Path(environ["OPENSQT_CONFIG"]) if environ.get("OPENSQT_CONFIG") else None


def default_text(market: str) -> str:
    """Write the default configuration for a market, as TOML."""
    wanted = absolute_market(market)
    symbols = [rules.symbol for rules in open_market(wanted, open_flow).instruments]
    return derive(symbols, market=wanted)


def open_market(market: str, opened: Callable[[str], MarketFlow] = open_checked) -> MarketFlow:
    """Open a market's flow; raise `CliError` when its name or files cannot be used."""
    try:
        return opened(market)
    except MarketRefused as error:
        raise CliError(f"paper.market: {error}") from error
    except OSError as error:
        raise CliError(f"paper.market = {market!r} cannot be read: {error}") from error


def absolute_market(market: str) -> str:
    """Make relative recording paths absolute where they exist, so that every process finds them."""
    if not market.startswith(RECORDED):
        return market
    paths = [Path(path) for path in market.removeprefix(RECORDED).split(",")]
    return RECORDED + ",".join(str(path.absolute() if path.exists() else path) for path in paths)


def next_clock(before: RunFile, plan: StartPlan, wall_ms: int) -> ClockOrigin:
    """Return the clock of this start; raise `CliError` when the folder belongs to another market."""
    config = plan.config
    if config.run.profile is not Profile.PAPER:
        return ClockOrigin(origin_market_ms=wall_ms, origin_wall_ms=wall_ms)
    market = config.paper.market
    if before.market and before.market != market:
        raise CliError(
            f"this folder trades {before.market}, not {market}: its orders belong to that market;"
            f" go on with --market {before.market}, name another folder with --data,"
            " or empty this one with `opensqt reset`"
        )
    begin_ms = wall_ms if plan.origin_market_ms is None else plan.origin_market_ms
    return continue_origin(
        before.clock,
        market_ms_min=before.market_ms_last or begin_ms,
        speed=config.paper.speed,
        wall_ms=wall_ms,
    )


def binding(before: RunFile, plan: StartPlan) -> str:
    """Say that a market which was asked for by a flag stays the folder's, at the start that makes it so."""
    market = plan.environ.get(MARKET_KEY, "")
    if not market or before.market or plan.config.run.profile is not Profile.PAPER:
        return ""
    told = f"this folder trades {market} from now on, its orders belong to that market"
    if plan.derived:
        return f"{told}: {plan.config_path} says so, later starts need no --market"
    return f"{told}: later starts need --market {market}, or paper.market in {plan.config_path}"


def _checked_speed(speed: str) -> str:
    shown = cleaned(speed, SPEED_SHOWN_MAX)
    try:
        number = Decimal(speed)
    except InvalidOperation as error:
        raise ConfigError(f"--speed {shown}: expected a number like 2 or 0.5") from error
    # The size is judged before the number is written out: an exponent of ten digits has ten thousand million of them.
    if (
        not number.is_finite()
        or not SPEED_MIN <= number <= SPEED_MAX
        or len(speed) > SPEED_DIGITS_MAX
    ):
        raise ConfigError(f"--speed {shown}: expected a number from {SPEED_MIN} to {SPEED_MAX}")
    return format(number, "f")


def _funding(config: Config, symbol: str) -> ExpectedFunding:
    """Return what a perpetual pays at the paper venue, whether the configuration says it or not."""
    paid = config.paper.funding.get(symbol, PaperFunding())
    return ExpectedFunding(rate=paid.rate, interval_hours=paid.interval_hours)


def _check_symbols(config: Config, flow: MarketFlow) -> None:
    there = [rules.symbol for rules in flow.instruments]
    for name, strategy in config.strategies.items():
        for symbol in strategy.symbols:
            if symbol not in there:
                raise ConfigError(
                    f'strategies.{name} trades "{symbol}", which {config.paper.market} does not have:'
                    f" expected one of {', '.join(there)}"
                )
