"""What the desk holds, earns and has at work, as metrics: the picture of the page, read at each scrape.

Every figure is the picture's own, so a dashboard and the page never disagree. What depends on a price that nobody
knows has no sample. Floats begin here: Prometheus knows no other number.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO
from opensqt.domain.instruments import Market, market_of
from services.gateway.view_model import Picture

HOURS_A_YEAR = 24 * 365
OF_A_STRATEGY = ("strategy", "account", "symbol")
# Column of the picture's table of profit -> metric and what it says.
_MONEY = {
    "realized": ("pnl_realized_quote", "Realised by trades, before fees and funding"),
    "unrealized": ("pnl_unrealized_quote", "What is held at its mark, less its cost"),
    "fees": ("fees_quote", "Fees paid, positive = paid"),
    "funding": ("funding_quote", "Funding received, negative = paid"),
    "net": ("pnl_net_quote", "Realised and unrealised, less fees, with funding"),
}
_COUNTED = {
    "approved": "Intents that risk approved",
    "refused": "Intents that risk refused",
    "orders": "Orders of ours",
    "fills": "Trades of ours",
}
Row = dict[str, Any]


class DeskMetrics(Collector):
    """A collector of a registry; `look` returns the newest picture."""

    def __init__(self, look: Callable[[], Picture]) -> None:
        self._look = look

    def collect(self) -> Iterable[Metric]:
        """Return the figures of this moment."""
        return families(self._look())

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is depends on the desk, and is asked for at each scrape."""
        return ()


def families(picture: Picture) -> Iterator[Metric]:
    """Yield every metric that a picture of the desk makes."""
    yield from _counters(picture["journal"])
    yield _open_orders(picture["orders"])
    yield from _of_strategies(picture["profit"])
    yield from _of_symbols(picture["symbols"])
    yield _gauge(
        "balance",
        "What a wallet holds by our books",
        ("venue", "account", "wallet", "asset"),
        ((row, row["total"]) for row in picture["balances"]),
    )
    yield from _of_carries(picture)


def _counters(journal: Row) -> Iterator[Metric]:
    for name, words in _COUNTED.items():
        family = CounterMetricFamily(f"opensqt_desk_{name}", words)
        family.add_metric([], journal[name])
        yield family


def _open_orders(orders: Iterable[Row]) -> Metric:
    counted: dict[tuple[str, str, str], int] = {}
    for order in orders:
        key = (order["strategy"], order["symbol"], order["side"])
        counted[key] = counted.get(key, 0) + 1
    family = GaugeMetricFamily(
        "opensqt_orders_open", "Orders that may still fill", labels=("strategy", "symbol", "side")
    )
    for key, count in sorted(counted.items()):
        family.add_metric(key, count)
    return family


def _of_strategies(rows: list[Row]) -> Iterator[Metric]:
    yield _gauge(
        "position_base",
        "What a strategy holds, base units, negative = short",
        OF_A_STRATEGY,
        ((row, row["quantity"]) for row in rows),
    )
    for column, (name, words) in _MONEY.items():
        labels = (*OF_A_STRATEGY, "quote")
        yield _gauge(name, words, labels, ((row, row[column]) for row in rows))
    trips = CounterMetricFamily(
        "opensqt_round_trips", "Closing orders filled whole", labels=OF_A_STRATEGY
    )
    for row in rows:
        trips.add_metric([row[name] for name in OF_A_STRATEGY], row["round_trips"])
    yield trips


def _of_symbols(rows: list[Row]) -> Iterator[Metric]:
    place = ("venue", "symbol")
    yield _gauge(
        "spread_bps",
        "Best ask less best bid, of their middle",
        place,
        ((row, _difference_bps(row["bid"], row["ask"])) for row in rows),
    )
    yield _gauge(
        "funding_rate",
        "Rate of the running funding interval",
        place,
        ((row, row["funding_rate"]) for row in rows),
    )
    yield _gauge(
        "funding_rate_a_year",
        "That rate over a year of such intervals, not compounded",
        place,
        ((row, _a_year(row)) for row in rows),
    )


def _of_carries(picture: Picture) -> Iterator[Metric]:
    """Yield how each carry stands: both legs, what is not covered, and how far the two prices are apart."""
    middles = {row["key"]: _middle(row["bid"], row["ask"]) for row in picture["symbols"]}
    legs: list[tuple[Row, Decimal]] = []
    rows: list[tuple[Row, Decimal, Decimal | None]] = []
    basis: list[tuple[Row, Decimal | None]] = []
    for carry in picture["carries"]:
        name = {"strategy": carry["strategy"]}
        held = {Market.SPOT: ZERO, Market.PERP: ZERO}
        for row in picture["profit"]:
            if row["strategy"] == carry["strategy"]:
                held[market_of(row["symbol"])] += Decimal(row["quantity"])
        legs += [({**name, "leg": market.value}, held[market]) for market in held]
        spot, perp = held[Market.SPOT], held[Market.PERP]
        rows.append((name, spot + perp, neutrality(spot, perp)))
        prices = {market_of(key.partition("|")[2]): middles.get(key) for key in carry["keys"]}
        low, high = prices.get(Market.SPOT), prices.get(Market.PERP)
        apart = None if low is None or high is None else (high / low - ONE) / BPS
        basis.append((name, apart))
    one = ("strategy",)
    yield _gauge("carry_leg_base", "What a leg holds", ("strategy", "leg"), legs)
    yield _gauge(
        "carry_delta_base", "Both legs together", one, ((n, delta) for n, delta, _ in rows)
    )
    yield _gauge(
        "carry_neutrality_ratio",
        "1 when one leg covers the other, 0 when there is one only; none while flat",
        one,
        ((n, ratio) for n, _, ratio in rows),
    )
    yield _gauge("carry_basis_bps", "Perpetual above spot, by their middles", one, basis)


def neutrality(spot: Decimal, perp: Decimal) -> Decimal | None:
    """Return the share of the larger leg that the other covers, 0 to 1; None while nothing is held."""
    larger = max(abs(spot), abs(perp))
    if larger == 0:
        return None
    return max(ZERO, ONE - EXACT.divide(abs(EXACT.add(spot, perp)), larger))


def _gauge(
    name: str,
    words: str,
    labels: tuple[str, ...],
    samples: Iterable[tuple[Row, Decimal | str | None]],
) -> Metric:
    family = GaugeMetricFamily(f"opensqt_{name}", words, labels=labels)
    for row, value in samples:
        if value is not None:
            family.add_metric([row[label] for label in labels], float(value))
    return family


def _middle(bid: str | None, ask: str | None) -> Decimal | None:
    return None if bid is None or ask is None else (Decimal(bid) + Decimal(ask)) / 2


def _difference_bps(bid: str | None, ask: str | None) -> Decimal | None:
    middle = _middle(bid, ask)
    if middle is None or bid is None or ask is None or middle == 0:
        return None
    return (Decimal(ask) - Decimal(bid)) / middle / BPS


def _a_year(row: Row) -> Decimal | None:
    rate, hours = row["funding_rate"], row["funding_hours"]
    return None if rate is None or not hours else Decimal(rate) * HOURS_A_YEAR / hours
