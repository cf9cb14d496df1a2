"""A backtest in one call: from a configuration and data to what came of them. For the command, and for notebooks.

outcome = backtest(load(Path("opensqt.toml"), {}), ["data/"])
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from opensqt import __version__
from opensqt.backtest.data import open_data
from opensqt.backtest.outcome import Outcome, outcome_of
from opensqt.backtest.recorder import Recorder
from opensqt.backtest.run import BacktestRun, Progress
from opensqt.backtest.tables import RunData, RunSpan
from opensqt.domain.decimals import ONE
from opensqt.runtime.config.all import Config, ConfigError, strategy_hash
from opensqt.runtime.strategy.registry import understood, with_code
from opensqt.strategies.api import RunTerms


class BacktestTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a run beside its configuration and data."""

    span: RunSpan = RunSpan()
    allow_gaps: bool = False
    every_row: bool = False  # also where nothing can change
    folder: Path | None = None  # of the configuration: strategies of one's own lie beside it


def backtest(
    config: Config,
    words: Sequence[str],
    terms: BacktestTerms | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Run a configuration over data; raise `ConfigError` or `DataRefused` in one clear line."""
    run = prepared(config, words, terms or BacktestTerms())
    recorder = Recorder(run)
    run.run(progress)
    recorder.finish()
    return outcome_of(run, recorder)


def prepared(config: Config, words: Sequence[str], terms: BacktestTerms) -> BacktestRun:
    """Return a run that is ready to go."""
    known = understood(config, terms.folder)
    traded = frozenset(symbol for one in known.strategies.values() for symbol in one.symbols)
    data = open_data(
        words,
        traded=traded,
        span=terms.span,
        allow_gaps=terms.allow_gaps,
        volume_share=config.backtest.volume_share_max,
    )
    _check_symbols(known, data)
    known = _with_age(known, data)
    specs = []
    for name, settings in known.strategies.items():
        strategy, _ = with_code(name, config.strategies[name], config, terms.folder)
        run_terms = RunTerms(
            venue=config.accounts[settings.account].venue,
            orders_open_max=known.risk.open_orders_max,
            tick_age_ms_max=known.risk.tick_age_ms_max,
            speed=ONE,
            config_hash=strategy_hash(config.strategies[name]),
            code_version=__version__,
        )
        specs.append(strategy.spec(name, settings, run_terms))
    return BacktestRun(known, specs, data, every_row=terms.every_row)


def _with_age(config: Config, data: RunData) -> Config:
    """Let prices be as old as the data tell them: a candle is no reason to call the market stale."""
    age_ms = max(config.risk.tick_age_ms_max, data.tick_age_ms_min)
    risk = msgspec.structs.replace(config.risk, tick_age_ms_max=age_ms)
    return msgspec.structs.replace(config, risk=risk)


def _check_symbols(config: Config, data: RunData) -> None:
    there = {rules.symbol for rules in data.instruments}
    for name, strategy in config.strategies.items():
        for symbol in strategy.symbols:
            if symbol not in there:
                raise ConfigError(
                    f'strategies.{name} trades "{symbol}", of which --data holds nothing: it holds'
                    f" {', '.join(sorted(there))}; add its data, or take the strategy out"
                )
