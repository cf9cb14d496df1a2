"""The gateway's pure parts: what it folds, what it shows, what it calls wrong."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.instruments import Side
from opensqt.domain.market import Candle, FeedState, FeedStatus
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Canceled, Unresolved
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.strategy_events import AdoptedSlot, PositionAdopted
from services.gateway.decide import DeskStatus, ProcessStatus, delta, mode_of, troubles
from services.gateway.state import CANDLES_MAX, TAPE_MAX, Chart, GatewayState
from services.gateway.view_model import Picture, picture
from tests import scenes
from tests.simulation.strategy_facts import PERP, SPOT, tick_of

NOW_MS = 1_700_000_040_000
RISK = {"risk": {"mode": "NORMAL"}}
TOLD = DeskStatus(
    desk="paper",
    profile="paper",
    places=(("binance", SPOT), ("binance", PERP)),
    kinds={"grid-perp": "grid", "carry": "carry"},
    services={"grid-perp": "grid", "carry": "arb"},
    keys={"grid-perp": f"binance|{PERP}"},
    legs={"carry": (("binance", SPOT), ("binance", PERP))},
    market_ms=NOW_MS,
    wall_ms=NOW_MS,
    live=True,
    statuses=RISK
    | {
        "grid": {"strategies": [{"name": "grid-perp", "trading": True}]},
        "arb": {"strategies": [{"name": "carry", "trading": True}]},
    },
)


def folded(*messages: Event) -> GatewayState:
    """Return what the gateway knows after these facts of the journal, with a fresh price."""
    state = GatewayState()
    for symbol in (SPOT, PERP):
        state.fold(scenes.last_tick(symbol, NOW_MS), 0)
    for position, message in enumerate(messages, start=1):
        state.fold(message, position)
    return state


def shown(state: GatewayState, told: DeskStatus = TOLD) -> Picture:
    """Return the picture without a chart."""
    return picture(state, Chart(), told)


def halted(mode: str = "REDUCING", scope: str = "binance/main") -> Halted:
    """Return a halt."""
    return Halted(scope=scope, mode=mode, reason="drift", time_ms=NOW_MS)


def killed(scope: str = "desk") -> KillLatched:
    """Return a kill."""
    return KillLatched(scope=scope, reason="fire", actor="anna", time_ms=NOW_MS)


@pytest.mark.row("H04")
def test_position_and_profit_are_exact_to_the_last_digit() -> None:
    """Entry, unrealised profit and fees are the fold of the fills at the mark, as decimal texts."""
    ref = scenes.reference("grid-perp", PERP, "a")
    fill = scenes.filled(ref, Side.BUY, Decimal("60000.1"), NOW_MS, Decimal("0.003"))
    state = folded(*scenes.placed(ref, "g-1", Side.BUY, Decimal("60000.1"), NOW_MS), fill)
    (row,) = shown(state)["positions"]
    mark = Decimal(row["mark"])
    assert row["quantity"] == "0.003"
    assert row["entry"] == "60000.1"
    assert Decimal(row["unrealized"]) == (mark - Decimal("60000.1")) * Decimal("0.003")
    assert Decimal(row["fees"]) == Decimal("60000.1") * Decimal("0.003") * Decimal("0.0002")
    assert Decimal(row["pnl"]) == Decimal(row["unrealized"]) - Decimal(row["fees"])
    assert row["owners"] == [{"strategy": "grid-perp", "quantity": "0.003", "netted": "0"}]
    assert shown(state)["money"][0]["pnl"] == row["pnl"]


@pytest.mark.row("H04")
def test_an_order_is_shown_while_it_lives_and_not_after() -> None:
    """A resting order is listed with its slot, and gone once the venue ended it."""
    ref = scenes.reference("grid-perp", PERP, "a")
    life = scenes.placed(ref, "g-1", Side.BUY, Decimal(59_000), NOW_MS)
    (order,) = shown(folded(*life))["orders"]
    assert (order["slot"], order["phase"], order["price"]) == ("g-1", "live", "59000")
    end = Canceled(
        ref=ref,
        venue_order_id="v",
        filled_quantity=Decimal(0),
        reason="",
        evidence_hash="",
        time_ms=NOW_MS,
    )
    assert shown(folded(*life, end))["orders"] == []


@pytest.mark.row("H05")
def test_the_grid_map_tells_what_each_level_holds_and_has_at_work() -> None:
    """Levels show their price on the lattice, their order, and their position at its own cost."""
    state = folded(*scenes.grid(NOW_MS))
    (grid,) = shown(state)["grids"]
    slots = {slot["level"]: slot for slot in grid["slots"]}
    assert grid["anchor"] == "60000"
    assert slots[-2]["state"] == "working"
    assert slots[-2]["price"] == slots[-2]["order_price"] == "59928"
    assert (slots[-1]["state"], slots[-1]["held"], slots[-1]["cost"]) == (
        "holding",
        "0.008",
        "59964",
    )
    assert [slot["level"] for slot in grid["slots"]] == sorted(slots, reverse=True)


def test_an_adopted_position_stands_on_its_levels() -> None:
    """What a grid took over is shown where it will be closed."""
    adopted = PositionAdopted(
        strategy="grid-perp",
        venue="binance",
        account="main",
        symbol=PERP,
        quantity=Decimal("0.02"),
        entry_price=Decimal(60_000),
        slots=(AdoptedSlot(level=1, quantity=Decimal("0.02"), cost_price=Decimal(60_000)),),
        time_ms=NOW_MS,
    )
    picture_ = shown(folded(*scenes.grid(NOW_MS)[:2], adopted))
    (slot,) = picture_["grids"][0]["slots"]
    assert (slot["level"], slot["held"], slot["cost"]) == (1, "0.02", "60000")
    assert picture_["positions"][0]["quantity"] == "0.02"


@pytest.mark.row("H05")
def test_the_tapes_are_bounded() -> None:
    """There are exactly 24 hours, at most 20 fills with their symbol, and at most 80 lines of news."""
    facts: list[Event] = []
    for number in range(100):
        ref = scenes.reference("grid-perp", PERP, str(number))
        at_ms = NOW_MS - number * 60_000
        facts += scenes.placed(ref, "g-1", Side.BUY, Decimal(60_000), at_ms)
        facts.append(scenes.filled(ref, Side.BUY, Decimal(60_000), at_ms))
    found = shown(folded(*facts))
    assert len(found["hours"]) == 24
    assert sum(hour["fills"] for hour in found["hours"]) == 100
    assert len(found["fills"]) == 20
    assert len(found["tape"]) == TAPE_MAX
    assert found["journal"]["fills"] == 100


def test_a_fill_that_comes_twice_is_counted_once() -> None:
    """The same trade from stream and query changes nothing the second time."""
    ref = scenes.reference("grid-perp", PERP, "a")
    life = scenes.placed(ref, "g-1", Side.BUY, Decimal(60_000), NOW_MS)
    fill = scenes.filled(ref, Side.BUY, Decimal(60_000), NOW_MS)
    once, twice = shown(folded(*life, fill)), shown(folded(*life, fill, fill))
    assert twice["positions"] == once["positions"]
    assert twice["fills"] == once["fills"]
    assert twice["grids"] == once["grids"]


@pytest.mark.parametrize(
    "facts, told, mode",
    [
        ((), TOLD, "NORMAL"),
        ((halted(),), TOLD, "REDUCING"),
        (
            (halted(), Resumed(scope="binance/main", reason="", actor="a", time_ms=NOW_MS)),
            TOLD,
            "NORMAL",
        ),
        ((halted("HALTED", "desk"),), TOLD, "HALTED"),
        ((killed(),), TOLD, "KILLED"),
        (
            (killed(), KillReleased(scope="desk", reason="", actor="a", time_ms=NOW_MS)),
            TOLD,
            "NORMAL",
        ),
        ((killed("strategy/carry"),), TOLD, "NORMAL"),
        ((), msgspec.structs.replace(TOLD, statuses={}), "REDUCING"),
        ((), msgspec.structs.replace(TOLD, latched="anna: fire"), "KILLED"),
        (
            (),
            msgspec.structs.replace(TOLD, statuses=RISK | {"executor-main": {"killed": True}}),
            "KILLED",
        ),
    ],
)
@pytest.mark.row("H04")
def test_the_mode_is_the_worst_that_anybody_says(
    facts: tuple[Event, ...], told: DeskStatus, mode: str
) -> None:
    """Journal, latch file, executors and risk are all asked; silence of risk is not safety."""
    assert mode_of(folded(*facts), told)["mode"] == mode


@pytest.mark.parametrize(
    "change, words",
    [
        ({"live": False, "why": "server down"}, "the page is behind: server down"),
        (
            {"processes": (ProcessStatus(name="relay", state="backoff", why="exit code 1"),)},
            "relay is backoff exit code 1",
        ),
        ({"market_ms": NOW_MS + 4000}, f"the price of {PERP} is 4.0 s old"),
        ({"market_ms": NOW_MS + 8000, "speed": Decimal(2)}, f"the price of {PERP} is 4.0 s old"),
        ({"statuses": RISK}, "grid-perp is not trading: grid does not answer"),
    ],
)
@pytest.mark.row("H05")
def test_what_is_wrong_is_named(change: dict[str, Any], words: str) -> None:
    """A dead process, an old price, a silent strategy and a page that is behind each get a line."""
    told = msgspec.structs.replace(TOLD, **change)
    assert words in {line["text"] for line in troubles(folded(), told)}


def test_nothing_is_wrong_on_a_sound_desk() -> None:
    """No line is shown where there is nothing to say."""
    assert troubles(folded(), TOLD) == []


def test_an_order_in_doubt_is_trouble() -> None:
    """A request without an answer is shown until it is resolved."""
    ref = scenes.reference("grid-perp", PERP, "a")
    doubt = Unresolved(ref=ref, cause="timeout", fence_ms=1, evidence_hash="", time_ms=NOW_MS)
    sent = scenes.placed(ref, "g-1", Side.BUY, Decimal(60_000), NOW_MS)[:2]
    found = troubles(folded(*sent, doubt), TOLD)
    assert found == [{"tone": "warn", "text": "1 order(s) without an answer of the venue"}]


def test_a_sick_channel_is_shown_with_its_symbol_until_it_lives() -> None:
    """A feed status marks its symbol, and the next good one clears it."""
    status = FeedStatus(
        venue="binance",
        symbol=PERP,
        channel="book",
        state=FeedState.GAP,
        age_ms=10,
        detail="sequence",
        time_ms=NOW_MS,
    )
    state = folded()
    state.fold(status, 0)
    assert shown(state)["symbols"][1]["sick"] == {"book": {"state": "gap", "detail": "sequence"}}
    state.fold(msgspec.structs.replace(status, state=FeedState.LIVE), 0)
    assert shown(state)["symbols"][1]["sick"] == {}


@pytest.mark.row("H04")
def test_a_delta_holds_what_changed_and_of_candles_only_the_rows() -> None:
    """Merging the deltas into the first picture gives the second one."""
    before = {"a": [1], "b": 2, "candles": {"x": [[1, "5"], [2, "6"]]}}
    after = {"a": [1], "b": 3, "candles": {"x": [[1, "5"], [2, "7"], [3, "8"]]}}
    assert delta(before, after) == {"b": 3, "candles": {"x": [[2, "7"], [3, "8"]]}}
    assert delta(after, after) == {}
    assert delta({}, after) == after


def test_ticks_draw_the_candle_that_has_not_come_yet() -> None:
    """A minute without a candle is drawn from ticks; the candle replaces it; the chart is bounded."""
    chart, place = Chart(), ("binance", PERP)
    for price in ("60000", "60010", "59990"):
        chart.fold(tick_of(PERP, price, NOW_MS))
    (drawn,) = chart.rows(place)
    prices = (drawn.open, drawn.high, drawn.low, drawn.close)
    assert prices == (Decimal(60_000), Decimal(60_010), Decimal(59_990), Decimal(59_990))
    real = list(scenes.candles(PERP, NOW_MS, minutes=300))
    for candle in real:
        chart.fold(candle)
    chart.fold(tick_of(PERP, "61000", NOW_MS))
    assert chart.rows(place) == real[-CANDLES_MAX:]


def test_a_late_candle_takes_its_place_in_time() -> None:
    """Candles are shown in order of time, whatever the order in which they came."""
    chart, rows = Chart(), list(scenes.candles(PERP, NOW_MS, minutes=3))
    for candle in (rows[2], rows[0], rows[3], rows[1]):
        chart.fold(candle)
    assert [row.open_time_ms for row in chart.rows(("binance", PERP))] == [
        row.open_time_ms for row in rows
    ]


def test_candles_of_other_lengths_are_no_part_of_the_chart() -> None:
    """A five-minute candle does not stand between one-minute candles."""
    chart = Chart()
    (candle, *_) = scenes.candles(PERP, NOW_MS, minutes=1)
    other: Candle = msgspec.structs.replace(candle, interval_ms=300_000)
    chart.fold(other)
    assert chart.rows(("binance", PERP)) == []
