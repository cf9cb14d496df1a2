"""The money on the page: by strategy, by day, beside its asset; what nobody knows is unknown, never 0."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.market import Mark, MarketEvent
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill
from opensqt.domain.profit import by_strategy
from services.gateway.activity import cash
from services.gateway.decide import DeskStatus
from services.gateway.gains import netted
from services.gateway.state import Chart, GatewayState
from services.gateway.view_model import Picture, picture
from tests import scenes
from tests.ledgers import Day, folded
from tests.simulation.strategy_facts import PERP, SPOT, tick_of
from tests.unit.domain.test_profit import booked

HOUR_MS = 3_600_000
NOW_MS = 1_700_000_040_000
BEGIN_MS = NOW_MS - NOW_MS % HOUR_MS - 23 * HOUR_MS  # of the hours that are shown
PRICES = {SPOT: Decimal("103.7"), PERP: Decimal("96.1")}
TOLD = DeskStatus(
    places=(("binance", SPOT), ("binance", PERP)),
    kinds={"grid": "grid", "carry": "carry"},
    keys={"grid": f"binance|{PERP}"},
    legs={"grid": (("binance", PERP),), "carry": (("binance", SPOT), ("binance", PERP))},
    market_ms=NOW_MS,
    live=True,
)


def mark_of(symbol: str, price: Decimal, at_ms: int = NOW_MS) -> Mark:
    """Return the mark price of a moment."""
    return Mark(venue="binance", symbol=symbol, mark_price=price, index_price=price, time_ms=at_ms)


def shown(facts: list[Event], *market: Event, heard: tuple[MarketEvent, ...] = ()) -> Picture:
    """Return the picture after facts of the journal and words of the market; `heard` by the chart only."""
    state, chart = GatewayState(), Chart()
    for message in market:
        state.fold(message, 0)
    for message in heard:
        chart.fold(message)
    for position, fact in enumerate(facts, start=1):
        state.fold(fact, position)
    return picture(state, chart, TOLD)


def traded(
    strategy: str, symbol: str, side: Side, quantity: str, price: str, **more: Any
) -> list[Event]:
    """Return an order and its only trade."""
    at_ms = more.pop("at_ms", NOW_MS)
    ref = scenes.reference(strategy, symbol, f"{strategy}{symbol}{side}{at_ms}")
    plan = scenes.placed(ref, "g-1", side, Decimal(price), at_ms)
    fill: Fill = scenes.filled(ref, side, Decimal(price), at_ms, Decimal(quantity))
    return [*plan, msgspec.structs.replace(fill, **({"fee": ZERO} | more))]


@pytest.mark.row("K11")
@pytest.mark.parametrize("seed", range(10))
def test_the_page_shows_each_strategy_what_the_command_line_does(seed: int) -> None:
    """Every figure is that of the domain's formula over the tables, and the nets add up to the account's."""
    facts = Day(seed, orders=60).facts
    found = shown(facts, *(mark_of(symbol, price) for symbol, price in PRICES.items()))
    marks = {("binance", symbol): price for symbol, price in PRICES.items()}
    lines = by_strategy(booked(folded(facts), marks))
    names = {
        "realized": "realized_pnl",
        "unrealized": "unrealized_pnl",
        "funding": "funding",
        "fees": "fees",
        "net": "net_pnl",
    }
    assert [(row["strategy"], row["symbol"], row["round_trips"]) for row in found["profit"]] == [
        (line.strategy, line.symbol, line.round_trips) for line in lines
    ]
    for row, line in zip(found["profit"], lines, strict=True):
        assert {name: row[name] for name in names} == {
            name: cash(getattr(line, column)) for name, column in names.items()
        }
    (whole,) = found["money"]
    nets = [line.net_pnl for line in lines]
    assert None not in nets
    assert whole["pnl"] == cash(sum((net for net in nets if net is not None), ZERO))
    for strategy in ("grid", "carry"):
        ((shown_net, quote),) = [
            (one["net"], one["quote"])
            for one in (*found["grids"], *found["carries"])
            if one["strategy"] == strategy
        ]
        mine = [line.net_pnl or ZERO for line in lines if line.strategy == strategy]
        assert abs(Decimal(shown_net) - sum(mine, ZERO)) < Decimal("0.0000001")
        assert quote == "USDT"


@pytest.mark.row("K11")
def test_the_headline_is_what_the_strategies_realised() -> None:
    """Bought at 90 by one and sold at 100 by another: the venue's net realised 10, and nobody has closed anything."""
    facts = [
        *traded("grid", PERP, Side.BUY, "1", "90"),
        *traded("carry", PERP, Side.SELL, "1", "100"),
        *traded("grid", PERP, Side.BUY, "2", "95", at_ms=NOW_MS - 1),
        *traded("grid", PERP, Side.SELL, "1", "98", fee=Decimal(1)),
    ]
    found = shown(facts, mark_of(PERP, Decimal(97)))
    (whole,), (net,) = found["money"], found["positions"]
    # The grid bought 3 for 280 and sold 1 for 98: 98 - 280 / 3. What it still holds: 2 x 97 - 2 x 280 / 3.
    # The carry is short 1 at 100: 3. The net bought 1 for 90 and sold it for 100, then 2 for 190 and 1 for 98.
    realized, unrealized = Decimal(98) - Decimal(280) / 3, Decimal(194) - Decimal(560) / 3 + 3
    assert abs(Decimal(whole["realized"]) - realized) < Decimal("0.00000001")
    assert abs(Decimal(whole["unrealized"]) - unrealized) < Decimal("0.00000001")
    assert (net["realized"], net["unrealized"]) == ("13", "2")
    rows = [Decimal(row["realized"]) for row in found["profit"]]
    assert abs(sum(rows, ZERO) - realized) < Decimal("0.00000001")
    assert Decimal(whole["pnl"]) == Decimal(14)


@pytest.mark.row("K11")
def test_a_day_is_the_change_of_the_total() -> None:
    """What was held when the day began counts from its price then: -20 of a fall, not +5 of the one sale in it."""
    facts = [
        *traded("grid", PERP, Side.BUY, "2", "90", at_ms=BEGIN_MS - HOUR_MS),
        *traded("grid", PERP, Side.SELL, "1", "95", at_ms=NOW_MS - HOUR_MS, fee=Decimal(1)),
    ]
    market = (mark_of(PERP, Decimal(86)),)
    found = shown(facts, *market, heard=(mark_of(PERP, Decimal(100), BEGIN_MS + 20_000),))
    (whole,) = found["money"]
    # Before: 2 x (100 - 90). Now: 5 of the sale, 1 x (86 - 90), 1 of fees. The change is 0 - 20.
    assert (whole["pnl"], whole["day"], whole["day_begin_ms"]) == ("0", "-20", BEGIN_MS)
    assert len(found["hours"]) == 24
    assert found["hours"][0]["hour_ms"] == BEGIN_MS
    assert sum(hour["fills"] for hour in found["hours"]) == 1


@pytest.mark.row("K11")
def test_the_hours_of_a_day_add_up_to_its_change() -> None:
    """Where the price with which each hour began was heard, mark before candle, nothing is lost between them."""
    facts = [
        *traded("grid", PERP, Side.BUY, "2", "90", at_ms=BEGIN_MS - HOUR_MS),
        *traded("grid", PERP, Side.SELL, "3", "95", at_ms=NOW_MS - 5 * HOUR_MS, fee=Decimal(1)),
    ]
    begins = [BEGIN_MS + hour * HOUR_MS for hour in range(24)]
    heard: list[MarketEvent] = []
    for number, at_ms in enumerate(begins):
        heard.append(tick_of(PERP, str(50 + number), at_ms))
        heard.append(mark_of(PERP, Decimal(100 - number), at_ms))
    found = shown(facts, mark_of(PERP, Decimal(86)), heard=tuple(heard))
    (whole,) = found["money"]
    hours = [Decimal(hour["pnl"]["USDT"]) for hour in found["hours"]]
    assert hours[0] == -2
    assert sum(hours, ZERO) == Decimal(whole["day"])
    # 2 held at 100, 3 sold at 95 with 1 of fees, 1 short at 86.
    assert Decimal(whole["day"]) == 3 * 95 - 1 - 86 - 2 * 100


@pytest.mark.row("K11")
def test_a_day_whose_first_price_nobody_heard_is_unknown() -> None:
    """A gateway that begins later does not know it; a desk that held nothing then does."""
    held = traded("grid", PERP, Side.BUY, "2", "90", at_ms=BEGIN_MS - HOUR_MS)
    (whole,) = shown(held, mark_of(PERP, Decimal(86)))["money"]
    assert (whole["pnl"], whole["day"]) == ("-8", None)
    young = traded("grid", PERP, Side.BUY, "2", "90", at_ms=NOW_MS - HOUR_MS)
    found = shown(young, mark_of(PERP, Decimal(86)))
    assert (found["money"][0]["pnl"], found["money"][0]["day"]) == ("-8", "-8")
    last_two = [hour["pnl"] for hour in found["hours"][-2:]]
    assert last_two == [{"USDT": None}, {"USDT": None}]


@pytest.mark.row("K11")
def test_an_unknown_price_is_shown_as_unknown() -> None:
    """Neither what is held without a price nor a fee in BNB counts as zero, in no row and no sum."""
    facts = traded("grid", PERP, Side.BUY, "2", "90")
    found = shown(facts)
    for row in (found["positions"][0], found["money"][0]):
        assert (row["realized"], row["unrealized"], row["pnl"]) == ("0", None, None)
    assert found["profit"][0]["net"] is None
    assert found["grids"][0]["net"] is None
    facts = traded("grid", PERP, Side.BUY, "2", "90", fee=Decimal("0.1"), fee_asset="BNB")
    mark = mark_of(PERP, Decimal(86))
    found = shown(facts, mark)
    for row in (found["positions"][0], found["money"][0]):
        assert (row["unrealized"], row["fees"], row["pnl"]) == ("-8", None, None)
    assert found["money"][0]["day"] is None
    assert (found["profit"][0]["net"], found["profit"][0]["unpriced"]) == (None, ["BNB"])
    found = shown(facts, mark, tick_of("BNB/USDT", "500", NOW_MS))
    assert {row["pnl"] for row in (found["positions"][0], found["money"][0])} == {"-58"}


@pytest.mark.row("K11")
def test_different_money_is_never_added() -> None:
    """A position in bitcoins and one in dollars have a sum each, also over the day."""
    facts = [
        *traded("grid", PERP, Side.BUY, "2", "90"),
        *traded("grid", "ETH/BTC", Side.BUY, "1", "0.05", fee_asset="BTC"),
    ]
    market = (mark_of(PERP, Decimal(86)), tick_of("ETH/BTC", "0.06", NOW_MS))
    found = shown(facts, *market)
    assert [row["quote"] for row in found["money"]] == ["BTC", "USDT"]
    assert found["money"][1]["day"] == "-8"
    assert Decimal(found["money"][0]["day"]) == Decimal(found["money"][0]["pnl"]) > 0
    assert found["hours"][-1]["pnl"].keys() == {"BTC", "USDT"}


@pytest.mark.row("K11")
def test_who_holds_what_stands_beside_a_net_of_nothing() -> None:
    """A carry's short that a grid's long nets is shown with its worth: the venue holds nothing, and pays nothing."""
    facts = [
        *traded("carry", PERP, Side.SELL, "0.08", "60000"),
        *traded("grid", PERP, Side.BUY, "0.08", "60000"),
    ]
    found = shown(facts, mark_of(PERP, Decimal(60_000)))
    (net,) = found["positions"]
    assert net["quantity"] == "0"
    assert net["owners"] == [
        {"strategy": "carry", "quantity": "-0.08", "netted": "0.08"},
        {"strategy": "grid", "quantity": "0.08", "netted": "0.08"},
    ]
    assert found["carries"][0]["netted"] == [
        {
            "symbol": PERP,
            "quantity": "-0.08",
            "netted": "0.08",
            "worth": "4800",
            "quote": "USDT",
            "by": ["grid"],
        }
    ]


def test_what_is_netted_is_shared_by_those_who_hold_more() -> None:
    """The smaller side is netted whole, the larger one in proportion."""
    held = {"a": Decimal(3), "b": Decimal(1), "c": Decimal(-2), "d": ZERO}
    assert netted(held) == {
        "a": Decimal("1.5"),
        "b": Decimal("0.5"),
        "c": Decimal(2),
        "d": ZERO,
    }
    assert netted({"a": Decimal(1), "b": Decimal(2)}) == {"a": ZERO, "b": ZERO}
