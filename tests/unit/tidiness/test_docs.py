"""What the documents promise is there: files, targets and variables that they name."""

import re
import typing

import msgspec
import pytest

from opensqt.cli.main import VERBS
from opensqt.domain import order_state
from opensqt.execution import order_actions
from opensqt.portfolio.allocator import AllocationTerms
from opensqt.portfolio.rebalancer import RebalanceTerms
from opensqt.portfolio.universe import UniverseTerms
from opensqt.risk.breakers.settings import (
    FeedAgeSettings,
    LatencySettings,
    LossSettings,
    MarketSettings,
    RejectSettings,
)
from opensqt.runtime.config import schema
from opensqt.runtime.config.alerts import AlertConfig
from opensqt.runtime.config.venue_names import built_in_venues
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.settings import Settings
from opensqt.venues.policy import policy_of
from opensqt.venues.registry import dialect_of
from tests.tidiness.source import ROOT, tracked

PAGES = tuple(path for path in tracked() if path.endswith(".md"))
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")
TARGET = re.compile(r"(?:^|[`\s])make ([a-z][a-z0-9-]*)")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every relative link of a page names a file or folder of the project."""
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = [match.group(1) for match in LINK.finditer(text)]
    assert [t for t in targets if not ((ROOT / page).parent / t).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_make_targets_exist(page: str) -> None:
    """Every `make` command that a page shows is a target with a line of help."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z][a-z0-9-]*):.*## ", makefile, flags=re.MULTILINE))
    shown = set()
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        if line.startswith("    make") or "`make" in line:
            shown |= set(TARGET.findall(line))
    assert shown <= known


def test_every_decision_has_its_table() -> None:
    """A decision is numbered once and says when, who and in what state."""
    decisions = sorted(path for path in PAGES if path.startswith("docs/adr/"))
    numbers = [path.split("/")[-1][:4] for path in decisions]
    assert len(set(numbers)) == len(numbers)
    for path in decisions:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert all(f"| {field} |" in text for field in ("Date", "Author", "Status")), path


TABLES: dict[str, type[msgspec.Struct]] = {
    "The file": schema.Config,
    "[run]": schema.RunConfig,
    "[paper]": schema.PaperConfig,
    '[paper.funding."SYMBOL"]': schema.PaperFunding,
    "[paper.fees]": schema.PaperFees,
    "[venues.NAME]": schema.VenueConfig,
    "[backtest]": schema.BacktestConfig,
    '[backtest.fees."SYMBOL"]': schema.BacktestFees,
    "[accounts.NAME]": schema.AccountConfig,
    '[strategies.NAME], kind = "grid"': GridSettings,
    '[strategies.NAME], kind = "carry"': CarrySettings,
    "[strategies.NAME], any other kind": Settings,
    "[alerts.NAME]": AlertConfig,
    "[risk]": schema.RiskConfig,
    "[portfolio]": schema.PortfolioConfig,
    "[portfolio.universe]": UniverseTerms,
    "[portfolio.allocation]": AllocationTerms,
    "[portfolio.rebalance]": RebalanceTerms,
    "[breakers.market]": MarketSettings,
    "[breakers.desk_loss]": LossSettings,
    "[breakers.symbol_loss]": LossSettings,
    "[breakers.latency]": LatencySettings,
    "[breakers.feed_age]": FeedAgeSettings,
    "[breakers.candle_age]": FeedAgeSettings,
    "[breakers.rejects]": RejectSettings,
    "[gateway]": schema.GatewayConfig,
    "[telemetry]": schema.TelemetryConfig,
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_key_of_the_configuration_is_explained(heading: str) -> None:
    """docs/configuration.md names each key of each table, and the default that it has."""
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (section,) = re.findall(
        rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL
    )
    told = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]+?)`? \|", section, re.MULTILINE))
    assert told == {
        field.name: _shown(field)
        for field in msgspec.structs.fields(TABLES[heading])
        if not _is_table(field)
    }


def _is_table(field: msgspec.structs.FieldInfo) -> bool:
    """Tell whether a field is a table, or holds tables by name, with a heading of their own."""
    kind = typing.get_args(field.type)[1] if typing.get_origin(field.type) is dict else field.type
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _shown(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT or field.default in ("", ()):
        return "empty"
    if field.default is msgspec.NODEFAULT:
        return "–"
    return str(field.default).lower() if isinstance(field.default, bool) else str(field.default)


@pytest.mark.parametrize(
    "field",
    [
        "deadline_ms",
        "clock_skew_ms_max",
        "visibility_lag_ms",
        "id_unique",
        "by_id_query",
    ],
)
def test_what_is_assumed_of_a_venue_is_what_is_written(field: str) -> None:
    """The table of docs/guarantees.md holds the values of the policy, and marks what is from memory."""
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `")]
    (row,) = [[cell.strip() for cell in cells] for cells in rows if f"`{field}`" in cells[0]]
    policy = policy_of("binance")
    value = getattr(policy, field)
    shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    assert row[1] == row[2] == shown
    from_memory = any(name.split()[0] == field for name in policy.from_memory)
    assert ("from memory" in row[4]) is from_memory


def test_the_fence_is_the_sum_of_its_parts() -> None:
    """The figure in docs/guarantees.md is deadline + clock skew + visibility lag."""
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
    policy = policy_of("binance")
    fence_ms = policy.deadline_ms + policy.clock_skew_ms_max + policy.visibility_lag_ms
    assert f"visibility lag: {fence_ms} ms" in text


@pytest.mark.parametrize("page", PAGES)
def test_verbs_exist(page: str) -> None:
    """Every `opensqt` command that a page shows is a verb of the command."""
    text = (ROOT / page).read_text(encoding="utf-8")
    assert set(re.findall(r"`(?:\.venv/bin/)?opensqt ([a-z]+)", text)) <= VERBS.keys()


def test_the_table_of_an_orders_life_is_the_codes() -> None:
    """docs/orders.md says from which phases each step of ours is legal, as `order_actions.table` does."""
    rows = re.findall(
        r"^\| `([a-z_]+)` \| [^|]+ \| ([a-z_, ]+) \|$",
        (ROOT / "docs" / "orders.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    written = {step: set(phases.split(", ")) for step, phases in rows}
    assert written == {step.value: set(phases) for step, phases in order_actions.table().items()}


def test_the_phases_of_an_orders_life_are_the_codes() -> None:
    """docs/orders.md names every phase, and whether it is an end."""
    text = (ROOT / "docs" / "orders.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|`]+ \| ([a-z_]+)[^|]* \| (yes|no) \|$", text, re.MULTILINE)
    assert {phase: end == "yes" for phase, end in rows} == {
        phase.value: phase in order_state.TERMINAL for phase in order_state.OrderStatus
    }


@pytest.mark.parametrize("venue", built_in_venues())
def test_the_table_of_venues_is_what_their_policies_say(venue: str) -> None:
    """Fence, tier, wallets and what is from memory stand in docs/venues.md as the dialect holds them."""
    text = (ROOT / "docs" / "venues.md").read_text(encoding="utf-8")
    rows = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| ")]
    table = {cells[0].strip(): [cell.strip() for cell in cells[1:]] for cells in rows}
    column = table[""].index(f"`{venue}`")
    policy, dialect = policy_of(venue), dialect_of(venue)
    fence_ms = policy.deadline_ms + policy.fence_ms
    told = {name: cells[column] for name, cells in table.items() if len(cells) > column}
    assert told["tier"] == dialect.tier.value
    assert told["the fence"] == f"{fence_ms} ms"
    assert all(f"`{wallet}`" in told["wallets"] for wallet in dialect.wallets)
    names = {name.split()[0] for name in policy.from_memory}
    assert all(f"`{name}`" in told["from memory"] for name in names)
