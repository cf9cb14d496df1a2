"""The Grafana dashboards, built: `python deploy/observability/dashboards.py` writes dashboards/*.json beside it.

A panel is a title, a unit of Grafana, and queries with their legends. A test runs every query against a real
Prometheus that scrapes a running desk.
"""

from pathlib import Path
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import DataSourceRef

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDE, HIGH = 12, 8  # of the 24 columns
OF_STRATEGY = "{{strategy}} {{symbol}}"


class Query(NamedTuple):
    """A PromQL expression and how its lines are called."""

    expression: str
    legend: str = ""


class Panel(NamedTuple):
    """One picture of a dashboard; `now` shows the newest value instead of a line."""

    title: str
    unit: str
    queries: tuple[Query, ...]
    now: bool = False


class Dashboard(NamedTuple):
    """A page of Grafana; `name` is its file and its uid."""

    name: str
    title: str
    panels: tuple[Panel, ...]


def _quantiles(hop: str, label: str) -> tuple[Query, ...]:
    """Return the queries of the median and the 99th percentile of a hop of orders."""
    rate = f"rate(opensqt_{hop}_seconds_bucket[5m])"
    return tuple(
        Query(
            f"histogram_quantile({share}, sum by (le, {label}) ({rate}))",
            f"{{{{{label}}}}} p{name}",
        )
        for share, name in (("0.5", "50"), ("0.99", "99"))
    )


OVERVIEW = Dashboard(
    "overview",
    "OpenSQT: desk",
    (
        Panel(
            "Net result",
            "none",
            (Query("sum by (quote) (opensqt_pnl_net_quote)", "{{quote}}"),),
            now=True,
        ),
        Panel("Strategies trading", "none", (Query("sum(opensqt_strategy_trading)"),), now=True),
        Panel("Breakers open", "none", (Query("sum(opensqt_breaker_open)"),), now=True),
        Panel("Orders in doubt", "none", (Query("sum(opensqt_orders_unresolved)"),), now=True),
        Panel("Processes up", "none", (Query("sum(up)"),), now=True),
        Panel(
            "Net result by strategy",
            "none",
            (Query("sum by (strategy, quote) (opensqt_pnl_net_quote)", "{{strategy}} {{quote}}"),),
        ),
        Panel(
            "Trades a minute",
            "short",
            (Query("rate(opensqt_desk_fills_total[5m]) * 60", "trades"),),
        ),
        Panel(
            "Age of prices",
            "ms",
            (Query("max by (venue, symbol) (opensqt_tick_age_ms)", "{{venue}} {{symbol}}"),),
        ),
        Panel(
            "Orders open",
            "short",
            (Query("sum by (strategy) (opensqt_orders_open)", "{{strategy}}"),),
        ),
    ),
)
STRATEGIES = Dashboard(
    "strategies",
    "OpenSQT: strategies",
    (
        Panel("Held", "none", (Query("opensqt_position_base", OF_STRATEGY),)),
        Panel("Realised", "none", (Query("opensqt_pnl_realized_quote", OF_STRATEGY),)),
        Panel("Unrealised", "none", (Query("opensqt_pnl_unrealized_quote", OF_STRATEGY),)),
        Panel("Fees paid", "none", (Query("opensqt_fees_quote", OF_STRATEGY),)),
        Panel("Funding received", "none", (Query("opensqt_funding_quote", OF_STRATEGY),)),
        Panel("Round trips", "short", (Query("opensqt_round_trips_total", OF_STRATEGY),)),
        Panel("Basis of carries", "none", (Query("opensqt_carry_basis_bps", "{{strategy}}, bps"),)),
        Panel(
            "Legs of carries",
            "none",
            (
                Query("opensqt_carry_leg_base", "{{strategy}} {{leg}}"),
                Query("opensqt_carry_delta_base", "{{strategy}} delta"),
            ),
        ),
        Panel(
            "Neutrality of carries",
            "percentunit",
            (Query("opensqt_carry_neutrality_ratio", "{{strategy}}"),),
        ),
        Panel(
            "Funding rate over a year",
            "percentunit",
            (Query("opensqt_funding_rate_a_year", "{{venue}} {{symbol}}"),),
        ),
        Panel("Balances", "none", (Query("opensqt_balance", "{{account}} {{wallet}} {{asset}}"),)),
    ),
)
EXECUTION = Dashboard(
    "execution",
    "OpenSQT: execution",
    (
        Panel(
            "Breakers: 1 open, 0.5 half open",
            "none",
            (Query("max by (breaker, scope) (opensqt_breaker_open)", "{{breaker}} {{scope}}"),),
        ),
        Panel("Tick to decision", "s", _quantiles("tick_to_decision", "strategy")),
        Panel("Decision to answer", "s", _quantiles("decision_to_ack", "venue")),
        Panel("Fill of a leg to its hedge", "s", _quantiles("fill_to_hedge", "strategy")),
        Panel(
            "Answers a second",
            "ops",
            (
                Query(
                    "sum by (outcome) (rate(opensqt_decision_to_ack_seconds_count[5m]))",
                    "{{outcome}}",
                ),
            ),
        ),
        Panel(
            "Intents a second",
            "ops",
            (
                Query("rate(opensqt_desk_approved_total[5m])", "approved"),
                Query("rate(opensqt_desk_refused_total[5m])", "refused"),
            ),
        ),
        Panel(
            "Orders in doubt",
            "short",
            (Query("opensqt_orders_unresolved", "{{venue}} {{account}}"),),
        ),
        Panel("Spread", "none", (Query("opensqt_spread_bps", "{{venue}} {{symbol}}, bps"),)),
        Panel("Venue silent", "none", (Query("opensqt_venue_silent", "{{venue}}"),)),
    ),
)
INFRASTRUCTURE = Dashboard(
    "infrastructure",
    "OpenSQT: infrastructure",
    (
        Panel("Processes", "none", (Query("up", "{{instance}}"),)),
        Panel(
            "Journal rows not on FEED yet",
            "short",
            (Query("opensqt_relay_lag_events", "{{instance}}"),),
        ),
        Panel(
            "Messages not read yet",
            "short",
            (Query("sum by (instance, stream) (opensqt_consumer_lag)", "{{instance}} {{stream}}"),),
        ),
        Panel(
            "Fill of streams",
            "percentunit",
            (Query("max by (stream) (opensqt_stream_fill)", "{{stream}}"),),
        ),
        Panel(
            "Clock of the host ahead", "ms", (Query("opensqt_clock_host_ahead_ms", "{{instance}}"),)
        ),
        Panel(
            "Streams missing",
            "none",
            (Query("max by (stream) (opensqt_stream_missing)", "{{stream}}"),),
        ),
    ),
)
ALL = (OVERVIEW, STRATEGIES, EXECUTION, INFRASTRUCTURE)


def built(page: Dashboard) -> str:
    """Return a dashboard as the JSON that Grafana reads."""
    builder = dashboards.Dashboard(page.title).uid(f"opensqt-{page.name}").tags(["opensqt"])
    builder = builder.refresh("10s").time("now-1h", "now").timezone("utc")
    for panel in page.panels:
        builder = builder.with_panel(_stat(panel) if panel.now else _lines(panel))
    return JSONEncoder(sort_keys=True, indent=1).encode(builder.build()) + "\n"


def _lines(panel: Panel) -> timeseries.Panel:
    found = timeseries.Panel().title(panel.title).unit(panel.unit).datasource(SOURCE)
    for query in _targets(panel):
        found = found.with_target(query)
    return found.span(WIDE).height(HIGH)


def _stat(panel: Panel) -> stat.Panel:
    found = stat.Panel().title(panel.title).unit(panel.unit).datasource(SOURCE)
    for query in _targets(panel):
        found = found.with_target(query)
    return found.span(WIDE // 2).height(HIGH // 2)


def _targets(panel: Panel) -> list[prometheus.Dataquery]:
    return [
        prometheus.Dataquery().expr(query.expression).legend_format(query.legend).ref_id(letter)
        for query, letter in zip(panel.queries, "ABCDEF", strict=False)
    ]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for one in ALL:
        (FOLDER / f"{one.name}.json").write_text(built(one), encoding="utf-8")
