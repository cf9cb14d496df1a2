"""What the gateway exports of the desk: the page's own figures, and how well a carry is covered."""

from decimal import Decimal

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from opensqt.domain.instruments import Side
from opensqt.domain.messages import Event
from services.gateway.desk_metrics import DeskMetrics, neutrality
from services.gateway.state import GatewayState
from tests import scenes
from tests.simulation.strategy_facts import PERP, SPOT
from tests.unit.runtime.test_metrics import LABELS
from tests.unit.services.gateway.test_gateway import NOW_MS, folded, shown

Samples = dict[str, dict[tuple[str, ...], Decimal]]


def _scraped(state: GatewayState) -> Samples:
    """Return the samples by metric and label values in the order of their names, as a scrape reads them."""
    registry = CollectorRegistry()
    registry.register(DeskMetrics(lambda: shown(state)))
    found: Samples = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        for sample in family.samples:
            series = found.setdefault(sample.name, {})
            series[tuple(value for _, value in sorted(sample.labels.items()))] = Decimal(
                str(sample.value)
            )
            assert set(sample.labels) <= LABELS | {"side", "quote", "leg", "wallet", "asset"}
    return found


def _trade(symbol: str, side: Side, quantity: str, name: str) -> list[Event]:
    ref = scenes.reference("carry", symbol, name)
    price = Decimal(60_000)
    life = scenes.placed(ref, name, side, price, NOW_MS)
    return [*life, scenes.filled(ref, side, price, NOW_MS, Decimal(quantity))]


@pytest.mark.row("H02")
@pytest.mark.parametrize(
    "spot, perp, covered", [("0.02", "0.02", "1"), ("0.02", None, "0"), ("0.02", "0.005", "0.25")]
)
def test_a_carry_shows_its_legs_and_how_far_one_covers_the_other(
    spot: str, perp: str | None, covered: str
) -> None:
    """Neutrality is 1 when hedged, 0 on one leg; delta is what is left open."""
    facts = _trade(SPOT, Side.BUY, spot, "a")
    if perp is not None:
        facts += _trade(PERP, Side.SELL, perp, "b")
    samples = _scraped(folded(*facts))
    assert samples["opensqt_carry_leg_base"] == {
        ("spot", "carry"): Decimal(spot),
        ("perp", "carry"): -Decimal(perp or 0),
    }
    delta = samples["opensqt_carry_delta_base"]["carry",]
    assert delta == Decimal(spot) - Decimal(perp or 0)
    assert samples["opensqt_carry_neutrality_ratio"]["carry",] == Decimal(covered)
    assert samples["opensqt_carry_basis_bps"].keys() == {("carry",)}


@pytest.mark.row("H02")
def test_a_flat_carry_is_neither_neutral_nor_naked() -> None:
    """Nothing held is unknown, not 1: a dashboard would show a hedge that is not there."""
    assert neutrality(Decimal(0), Decimal(0)) is None
    assert neutrality(Decimal(1), Decimal(1)) == 0, "two legs of one direction cover nothing"
    assert "opensqt_carry_neutrality_ratio" not in _scraped(folded())


@pytest.mark.row("H01")
def test_money_and_orders_are_those_of_the_page() -> None:
    """One formula: each figure of the picture is a sample, and what the picture does not know has none."""
    state = folded(*scenes.grid(NOW_MS))
    picture, samples = shown(state), _scraped(state)
    (row,) = picture["profit"]
    key = (row["account"], row["quote"], row["strategy"], row["symbol"])
    for column in ("realized", "unrealized", "net"):
        exported = samples[f"opensqt_pnl_{column}_quote"]
        assert exported == {key: Decimal(row[column])}
    assert sum(samples["opensqt_orders_open"].values()) == len(picture["orders"])
    assert samples["opensqt_desk_fills_total"][()] == picture["journal"]["fills"]
    blind = GatewayState()
    for position, fact in enumerate(scenes.grid(NOW_MS), start=1):
        blind.fold(fact, position)
    assert "opensqt_pnl_unrealized_quote" not in _scraped(blind), "no price was heard"
