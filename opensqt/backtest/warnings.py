"""What a run assumed, and what it cannot know: told at the top of every report, nothing is left to hope."""

from collections.abc import Iterator

from opensqt.backtest.recorder import Recorder
from opensqt.backtest.run import BacktestRun
from opensqt.domain.decimals import BPS, canonical
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.runtime.config.schema import BacktestQueue

QUEUES = {
    BacktestQueue.BEHIND: "an order waits behind all that is shown at its price; cancels of others do not bring it"
    " nearer as long as they may have been behind it",
    BacktestQueue.PROPORTIONAL: "an order waits behind all that is shown at its price; cancels of others bring it"
    " nearer in proportion",
}
FILLS_MIN = 30
DAYS_MIN = 30
DAY_MS = 86_400_000


def assumed(run: BacktestRun) -> tuple[str, ...]:
    """Name every model, a sentence each."""
    backtest = run.config.backtest
    return (
        *run.data.models,
        *(
            _fees(rules, configured=rules.symbol in backtest.fees)
            for rules in run.exchange.rules.values()
        ),
        (
            f"Latency: {backtest.latency_ms} ms from a decision to the venue and again from there to the desk, always"
            " the same."
        ),
        f"Queue ({backtest.queue.value}): {QUEUES[backtest.queue]}; a level that nobody showed yet counts as full.",
        (
            "Fills: in parts, never more than was shown or traded, at the order's own price; a taker pays each level of"
            " the book that it takes."
        ),
        *_funding(run),
        "Market: it does not react to our orders, and ticks show it without them.",
    )


def warned(run: BacktestRun, recorder: Recorder) -> tuple[str, ...]:
    """Say what this run cannot know or does not show, a sentence each."""
    return tuple(_warnings(run, recorder))


def _fees(rules: InstrumentRules, *, configured: bool) -> str:
    maker, taker = (
        canonical((fee / BPS).normalize()) for fee in (rules.maker_fee, rules.taker_fee)
    )
    source = "as configured" if configured else "of the venue's first tier"
    return f"Fees of {rules.symbol}: {maker} bps maker, {taker} bps taker, {source}."


def _funding(run: BacktestRun) -> Iterator[str]:
    for symbol, rules in run.exchange.rules.items():
        if rules.market is Market.PERP:
            told = "the rates of the data" if symbol in run.data.funding else "the configured rate"
            yield f"Funding of {symbol}: {told}, at its boundaries, on the mid as mark."


def _warnings(run: BacktestRun, recorder: Recorder) -> Iterator[str]:
    days = (run.agenda.now_ms - run.data.begin_ms) / DAY_MS
    if days < DAYS_MIN:
        yield f"The data cover {days:.2f} days: figures by the year say next to nothing below {DAYS_MIN}."
    if len(recorder.trades) < FILLS_MIN:
        yield f"{len(recorder.trades)} trades are too few to judge a strategy by."
    for seat in run.desk.seats:
        if seat.instance.fault:
            yield f"{seat.spec.name} stopped by a fault: {seat.instance.fault}"
    gaps = run.data.gaps
    if gaps is not None and gaps.count:
        yield f"The data have {gaps.count} gaps, first {gaps.first}: nothing is known of what happened there."
    if run.data.tick_age_ms_min:
        yield "Candles do not tell in which order prices came: a strategy that trades often within one is not tested."
    if any(":" in symbol for symbol in run.exchange.rules):
        yield "Liquidation is not simulated: an account that would have been liquidated goes on."
        missing = [s for s in run.exchange.rules if ":" in s and s not in run.data.funding]
        if missing:
            yield f"Funding rates of {', '.join(missing)} are assumed to be always the same."
    yield "The best of many tries looks good by chance: what was tuned on these data is not confirmed by them."
