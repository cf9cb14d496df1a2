"""What came of a run, as values: figures, money by where it came from, months, trades, and what was assumed."""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

import opensqt
from opensqt.backtest import figures
from opensqt.backtest.periods import falls_of, months_of
from opensqt.backtest.recorder import LATER_MS, Recorder, Sample, Traded
from opensqt.backtest.run import BacktestRun
from opensqt.backtest.warnings import assumed, warned
from opensqt.domain import order_state
from opensqt.domain.decimals import BPS, EXACT, ZERO, canonical
from opensqt.domain.order_events import Fill, Liquidity
from opensqt.runtime.config.all import config_hash
from opensqt.simulation.engine.audit import rfc3339

MS_PER_S = 1000
CODE = Path(opensqt.__file__).parent


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned and where it came from, the first four add up to the last."""

    price_quote: Decimal  # what prices did to what was held, and the spread that was earned
    slippage_quote: Decimal  # what takers paid beyond the mid at which they decided, <= 0
    fees_quote: Decimal  # <= 0: paid
    funding_quote: Decimal  # positive: received
    net_quote: Decimal


class OrderLife(NamedTuple):
    """How long an order stood at the venue."""

    symbol: str
    side: str
    price: float  # to be drawn
    begin_ms: int
    end_ms: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report shows."""

    models: tuple[str, ...]
    warnings: tuple[str, ...]
    hashes: dict[str, str]
    files: tuple[str, ...]
    begin: str
    end: str
    currency: str
    capital: Decimal
    ticks: int
    orders: int
    money: Money
    figures: dict[str, float | int | str | None]
    adverse_bps: dict[
        str, float | None
    ]  # by seconds after a trade: what the price moved against it
    strategies: list[dict[str, Any]]
    months: list[dict[str, Any]]
    drawdowns: list[dict[str, Any]]
    samples: list[Sample]
    trades: list[Traded]
    ladder: list[OrderLife]


def outcome_of(run: BacktestRun, recorder: Recorder) -> Outcome:
    """Return what came of a run that has ended."""
    samples, trades = recorder.samples, recorder.trades
    capital, money = capital_of(run), _money(run, recorder)
    return Outcome(
        models=assumed(run),
        warnings=warned(run, recorder),
        hashes={
            "input": run.data.sha256,
            "configuration": config_hash(run.config),
            "code": code_sha256(),
            "trades": trades_sha256(one.fill for one in trades),
        },
        files=run.data.files,
        begin=rfc3339(run.data.begin_ms),
        end=rfc3339(run.agenda.now_ms),
        currency=run.config.risk.currency,
        capital=capital,
        ticks=run.market.rows,
        orders=recorder.orders,
        money=money,
        figures=_figures(run, recorder, capital),
        adverse_bps={str(ms // MS_PER_S): _adverse_bps(trades, ms) for ms in LATER_MS},
        strategies=[_strategy(run, seat.spec.name) for seat in run.desk.seats],
        months=months_of(samples, capital),
        drawdowns=falls_of(samples, capital),
        samples=samples,
        trades=trades,
        ladder=_ladder(run),
    )


def capital_of(run: BacktestRun) -> Decimal:
    """Return the quote money of the wallets that are traded with: what the returns are fractions of."""
    currency, wallets = run.config.risk.currency, set()
    for seat in run.desk.seats:
        for symbol in seat.spec.symbols:
            wallets.add((seat.spec.account, "perp" if ":" in symbol else "spot"))
    books = run.desk.books.ledger.wallets
    found = (
        wallet.deposited
        for (_, account, name, asset), wallet in books.items()
        if asset == currency and (account, name) in wallets
    )
    return sum(found, ZERO)


def trades_sha256(fills: Iterable[Fill]) -> str:
    """Return the SHA-256 (hex) of all trades in their order, a line each."""
    found = hashlib.sha256()
    for fill in fills:
        ref = fill.ref
        words = (ref.strategy, ref.account, ref.symbol, ref.client_order_id, fill.trade_id)
        amounts = map(canonical, (fill.price, fill.quantity, fill.fee))
        line = (fill.time_ms, *words, fill.side.value, *amounts, fill.fee_asset, fill.liquidity)
        found.update((",".join(map(str, line)) + "\n").encode())
    return found.hexdigest()


def code_sha256() -> str:
    """Return the SHA-256 (hex) of OpenSQT's own code."""
    found = hashlib.sha256()
    for path in sorted(CODE.rglob("*.py")):
        found.update(str(path.relative_to(CODE)).encode() + path.read_bytes())
    return found.hexdigest()


def _money(run: BacktestRun, recorder: Recorder) -> Money:
    net = recorder.samples[-1].net_pnl
    positions = [one.position for one in run.desk.books.ledger.nets.values()]
    funding = sum((one.funding for one in positions), ZERO)
    fees = recorder.fees_quote
    slippage = sum((_slippage(one) for one in recorder.trades), ZERO)
    return Money(
        price_quote=net + fees - funding - slippage,
        slippage_quote=slippage,
        fees_quote=-fees,
        funding_quote=funding,
        net_quote=net,
    )


def _slippage(one: Traded) -> Decimal:
    """Return what a taker paid beyond the mid at which its order was decided."""
    fill, mid = one.fill, one.decided_mid
    if fill.liquidity is not Liquidity.TAKER or mid is None:
        return ZERO
    return EXACT.multiply((mid - fill.price) * fill.side.sign, fill.quantity)


def _figures(
    run: BacktestRun, recorder: Recorder, capital: Decimal
) -> dict[str, float | int | str | None]:
    samples, trades = recorder.samples, recorder.trades
    span_ms = run.agenda.now_ms - run.data.begin_ms
    traded_quote = sum((one.fill.price * one.fill.quantity for one in trades), ZERO)
    makers = sum(one.fill.liquidity is Liquidity.MAKER for one in trades)
    filled = {one.fill.ref.client_order_id for one in trades}
    days = span_ms / figures.DAY_MS
    return {
        **_risk(samples, capital, span_ms),
        "max_drawdown_quote": _deepest(samples),
        "fills": len(trades),
        "round_trips": sum(one.round_trips for one in run.desk.books.ledger.holdings.values()),
        "fill_rate": len(filled) / recorder.orders if recorder.orders else None,
        "maker_share": makers / len(trades) if trades else None,
        "traded_quote": float(traded_quote),
        "turnover_a_year": float(traded_quote / capital) / days * figures.DAYS_A_YEAR
        if capital > 0 and days > 0
        else None,
        "exposure": _exposure(samples, capital),
        "approved": run.desk.books.ledger.approved,
        "refused": run.desk.books.ledger.refused,
        "sampled_every_s": recorder.interval_ms // MS_PER_S,
    }


def _risk(
    samples: Sequence[Sample], capital: Decimal, span_ms: int
) -> dict[str, float | int | str | None]:
    values = [float(capital + one.net_pnl) for one in samples]
    every = (
        figures.returns_of(values) if capital > 0 and min(values) > 0 else figures.returns_of([1.0])
    )
    found: dict[str, float | int | str | None] = {
        "total_return": figures.total_return(every),
        "max_drawdown": figures.max_drawdown(every),
    }
    period_ms = figures.period_of(span_ms)
    names = ("annual_return", "annual_volatility", "sharpe", "sortino", "calmar")
    if period_ms is None or not len(every):
        return {**found, **dict.fromkeys(names), "returns_every_s": None}
    chosen = [
        value for one, value in zip(samples, values, strict=True) if one.time_ms % period_ms == 0
    ]
    returns, by_year = figures.returns_of(chosen), figures.a_year(period_ms)
    for name in names:
        found[name] = getattr(figures, name)(returns, by_year)
    return {**found, "returns_every_s": period_ms // MS_PER_S}


def _deepest(samples: Sequence[Sample]) -> float:
    """Return the deepest fall of what was earned from its highest, in quote units."""
    high = deepest = ZERO
    for one in samples:
        high = max(high, one.net_pnl)
        deepest = min(deepest, one.net_pnl - high)
    return float(deepest)


def _exposure(samples: Sequence[Sample], capital: Decimal) -> float | None:
    """Return the mean worth of what was held, as a fraction of the capital."""
    if capital <= 0 or not samples:
        return None
    worths = (
        abs(quantity) * one.prices.get(symbol, ZERO)
        for one in samples
        for symbol, quantity in one.held.items()
    )
    return float(sum(worths, ZERO) / len(samples) / capital)


def _adverse_bps(trades: Sequence[Traded], later_ms: int) -> float | None:
    """Return how far the mid stood against the prices of our trades after a while, by what was traded; < 0: for us."""
    moved = worth = ZERO
    for one in trades:
        fill, later = one.fill, one.later.get(later_ms)
        if later is not None:
            moved += (fill.price - later) * fill.side.sign * fill.quantity
            worth += fill.price * fill.quantity
    return float(moved / worth / BPS) if worth else None


def _strategy(run: BacktestRun, name: str) -> dict[str, Any]:
    seat = next(seat for seat in run.desk.seats if seat.spec.name == name)
    found: dict[str, Any] = {"strategy": name, "status": seat.instance.status()["reason"]}
    held = {key[3]: held for key, held in run.desk.books.ledger.holdings.items() if key[0] == name}
    found["symbols"] = [
        {
            "symbol": symbol,
            "quantity": one.quantity,
            "cost_basis": one.cost,
            "realized_pnl": one.realized_pnl,
            "funding": one.funding,
            "fees": {paid.asset: paid.amount for paid in one.fees},
            "fills": one.fills,
            "round_trips": one.round_trips,
        }
        for symbol, one in sorted(held.items())
    ]
    return found


def _ladder(run: BacktestRun) -> list[OrderLife]:
    found = []
    for order in run.desk.books.ledger.orders.values():
        placed, accepted = order.placed, order.accepted
        if placed is None or accepted is None:
            continue
        ended = order.terminal
        found.append(
            OrderLife(
                symbol=placed.ref.symbol,
                side=placed.side.value,
                price=float(placed.price),
                begin_ms=accepted.time_ms,
                end_ms=order_state.last_ms(order) if ended else run.agenda.now_ms,
            )
        )
    return found
