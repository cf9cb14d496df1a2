"""The judge of the storm: each kind of damage is seen, and nothing else."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, Purpose, TimeInForce
from opensqt.domain.order_events import Fill, IntentPlaced, Liquidity, NeverPlaced, OrderRef
from tests.e2e import storm_judge
from tests.e2e.storm_judge import Kill
from tests.e2e.storm_record import Record, Trail

NOW_MS = 1_700_000_000_000


def ref_of(name: str = "a", intent: str = "i") -> OrderRef:
    """Return the reference of an order."""
    return OrderRef(
        client_order_id=name,
        intent_id=intent,
        attempt=1,
        strategy="load",
        venue="binance",
        account="main",
        symbol="BTC/USDT:USDT",
    )


def trail_of(name: str = "a", intent: str = "i", **changes: Any) -> Trail:
    """Return what the journal says of an order that was taken at once."""
    placed = IntentPlaced(
        ref=ref_of(name, intent),
        slot="s1",
        cycle=1,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.POST_ONLY,
        price=Decimal(50_000),
        quantity=Decimal("0.01"),
        purpose=Purpose.OPEN,
        reduce_only=False,
        valid_until_ms=NOW_MS,
        time_ms=NOW_MS,
    )
    values: dict[str, Any] = {"placed": placed, "submitted_ms": NOW_MS, "known_ms": NOW_MS + 5}
    return Trail(**(values | changes))


def place(name: str = "a", venue_order_id: str = "1") -> dict[str, str]:
    """Return the audit's row of an accepted place."""
    return {
        "kind": "place",
        "result": "accepted",
        "market": "perp",
        "client_order_id": name,
        "venue_order_id": venue_order_id,
        "quantity": "0.01",
    }


def cancel(venue_order_id: str = "1") -> dict[str, str]:
    """Return the audit's row of an accepted cancel."""
    return place(venue_order_id=venue_order_id) | {"kind": "cancel"}


def record_of(audit: list[dict[str, str]], **orders: Trail) -> Record:
    """Return both sides."""
    return Record(audit=audit, orders=orders, verdicts={}, strays=[], adjustments=[])


def test_a_clean_record_is_good() -> None:
    """One order, taken and cancelled: no duplicate, no orphan, no doubt, no error of position."""
    record = record_of([place(), cancel()], a=trail_of())
    assert storm_judge.duplicates(record, record.attempts()) == []
    assert storm_judge.orphans(record) == []
    assert storm_judge.doubts(record, ()).good
    assert storm_judge.position_errors(record) == []


@pytest.mark.parametrize(
    "trails",
    [{"a": trail_of()}, {"a": trail_of(), "b": trail_of("b")}],
    ids=["one id twice", "two attempts of one intent"],
)
def test_a_double_order_is_seen(trails: dict[str, Trail]) -> None:
    """Two venue orders of one id, or of one intent over its attempts, are named."""
    second = place("b" if "b" in trails else "a", "2")
    record = record_of([place(), second, cancel(), cancel("2")], **trails)
    assert storm_judge.duplicates(record, record.attempts()) != []


@pytest.mark.parametrize(
    "trail",
    [
        {},
        {"a": trail_of(submitted_ms=0)},
        {"a": trail_of(known_ms=0)},
        {
            "a": trail_of(
                ends=[NeverPlaced(ref=ref_of(), proof="", evidence_hash="", time_ms=NOW_MS)]
            )
        },
    ],
    ids=["in no journal", "never submitted", "never seen", "denied"],
)
def test_an_orphan_is_seen(trail: dict[str, Trail]) -> None:
    """A venue order that the journal does not submit, know or admit is named."""
    assert storm_judge.orphans(record_of([place(), cancel()], **trail)) != []


def test_an_order_left_open_is_seen() -> None:
    """After the stop nothing of ours is open."""
    assert storm_judge.orphans(record_of([place()], a=trail_of())) != []


def test_a_doubt_counts_only_while_somebody_can_look() -> None:
    """Beyond the bound it is named; the time from a kill to its end is not counted; never known is always named."""
    beyond_ms = NOW_MS + int(storm_judge.DOUBT_S_MAX * 1000) + 1000
    late = record_of([place(), cancel()], a=trail_of(doubted=True, known_ms=beyond_ms))
    assert not storm_judge.doubts(late, ()).good
    assert storm_judge.doubts(late, [Kill(at_ms=NOW_MS + 10, back_ms=NOW_MS + 2000)]).good
    never = record_of([place(), cancel()], a=trail_of(known_ms=0))
    assert not storm_judge.doubts(never, ()).good


def test_a_fill_that_we_missed_is_an_error_of_position() -> None:
    """A trade at the venue that no fill of ours books is named, and so is a trade of nobody."""
    trade = place() | {"kind": "fill", "side": "buy", "trade_id": "7"}
    record = record_of([place(), trade], a=trail_of())
    assert storm_judge.position_errors(record) != []
    fill = Fill(
        ref=ref_of(),
        trade_id="7",
        venue_order_id="1",
        side=Side.BUY,
        price=Decimal(50_000),
        quantity=Decimal("0.01"),
        fee=Decimal(0),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=NOW_MS,
    )
    assert (
        storm_judge.position_errors(record_of([place(), trade], a=trail_of(fills={"7": fill})))
        == []
    )
    record.strays.append(fill)
    assert storm_judge.position_errors(record) != []
