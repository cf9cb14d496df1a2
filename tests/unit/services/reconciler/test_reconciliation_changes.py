"""Whatever single thing the venue shows otherwise than the journal has it, the reconciler tells it within two looks."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import SnapshotBalance, SnapshotOrder, SnapshotPosition, VenueSnapshot
from opensqt.domain.instruments import Market, Side
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Adjustment, Discrepancy, DiscrepancyKind, Halted
from tests.ledgers import ACCOUNT, PERP, SPOT, VENUE, deposit, fill, opened, ref_of
from tests.reconciling import Desk, kinds, shown, trading

DAY_MS = 24 * 60 * 60 * 1000
RESTING, PART = ref_of(2), ref_of(3)

FACTS: list[Event] = [
    deposit(Market.PERP, "USDT", "1000"),
    deposit(Market.SPOT, "USDT", "500"),
    deposit(Market.SPOT, "BTC", "3"),
    *opened(ref_of(1)),
    fill(ref_of(1), "t1", "1", fee=Decimal("0.04")),
    *opened(RESTING),
    *opened(PART, quantity="2"),
    fill(PART, "t2", "0.5", fee=Decimal("0.01")),
]


def resting(number: int, quantity: str, filled: str) -> SnapshotOrder:
    """Return an order of ours as the venue shows it."""
    ref = ref_of(number)
    order = shown(ref.client_order_id, "v" + ref.intent_id, filled)
    return msgspec.structs.replace(order, quantity=Decimal(quantity))


TRUTH: dict[str, Any] = {
    "orders": (resting(2, "1", "0"), resting(3, "2", "0.5")),
    "positions": (
        SnapshotPosition(symbol=PERP, quantity=Decimal("1.5"), entry_price=Decimal(100)),
    ),
    "balances": tuple(
        SnapshotBalance(wallet=market.value, asset=asset, total=Decimal(total), free=Decimal(0))
        for market, asset, total in (
            (Market.PERP, "USDT", "999.95"),
            (Market.SPOT, "USDT", "500"),
            (Market.SPOT, "BTC", "3"),
        )
    ),
}


def looked(desk: Desk, evidence: str, changed: dict[str, Any] | None = None) -> None:
    """Let the venue show itself once, with what was changed."""
    time_ms = desk.now_ms + 10
    view = VenueSnapshot(
        venue=VENUE,
        account=ACCOUNT,
        trigger="schedule",
        journal_position=desk.head,
        symbols=(PERP, SPOT),
        evidence_hash=evidence,
        started_ms=time_ms,
        time_ms=time_ms,
        **(TRUTH | (changed or {})),
    )
    desk.write(view)
    desk.wait()


def with_one(part: str, at: int, **values: Any) -> dict[str, Any]:
    """Return the change of one thing that the venue shows."""
    before = TRUTH[part]
    after = msgspec.structs.replace(before[at], **values)
    return {part: (*before[:at], after, *before[at + 1 :])}


def without(part: str, at: int) -> dict[str, Any]:
    """Return the loss of one thing that the venue shows."""
    before = TRUTH[part]
    return {part: (*before[:at], *before[at + 1 :])}


CHANGES: dict[str, tuple[dict[str, Any], DiscrepancyKind]] = {
    "an order gone": (without("orders", 0), DiscrepancyKind.MISSING_ORDER),
    "a part-filled order gone": (without("orders", 1), DiscrepancyKind.MISSING_ORDER),
    "an order more": (
        {"orders": (*TRUTH["orders"], shown("q" + "0" * 26))},
        DiscrepancyKind.ORPHAN_ORDER,
    ),
    "a stranger's order": (
        {"orders": (*TRUTH["orders"], shown("web_1"))},
        DiscrepancyKind.UNKNOWN_ORDER,
    ),
    "filled more": (
        with_one("orders", 0, filled_quantity=Decimal("0.001")),
        DiscrepancyKind.FILLED_QUANTITY,
    ),
    "filled less": (
        with_one("orders", 1, filled_quantity=Decimal("0.499")),
        DiscrepancyKind.FILLED_QUANTITY,
    ),
    "another price": (
        with_one("orders", 0, price=Decimal("100.1")),
        DiscrepancyKind.UNKNOWN_ORDER,
    ),
    "another size": (with_one("orders", 0, quantity=Decimal(2)), DiscrepancyKind.UNKNOWN_ORDER),
    "another side": (with_one("orders", 0, side=Side.SELL), DiscrepancyKind.UNKNOWN_ORDER),
    "a larger position": (
        with_one("positions", 0, quantity=Decimal("1.501")),
        DiscrepancyKind.POSITION,
    ),
    "a position turned": (
        with_one("positions", 0, quantity=Decimal("-1.5")),
        DiscrepancyKind.POSITION,
    ),
    "a position gone": (without("positions", 0), DiscrepancyKind.POSITION),
    "a position more": (
        {
            "positions": (
                *TRUTH["positions"],
                SnapshotPosition(symbol="X/USDT:USDT", quantity=Decimal(1), entry_price=Decimal(1)),
            )
        },
        DiscrepancyKind.POSITION,
    ),
    "a fee that we do not know": (
        with_one("balances", 0, total=Decimal("999.94")),
        DiscrepancyKind.BALANCE,
    ),
    "a funding payment that we do not know": (
        with_one("balances", 0, total=Decimal("1000.35")),
        DiscrepancyKind.BALANCE,
    ),
    "a spot balance less": (
        with_one("balances", 2, total=Decimal("2.999")),
        DiscrepancyKind.BALANCE,
    ),
    "a spot balance gone": (without("balances", 2), DiscrepancyKind.BALANCE),
}


@pytest.mark.row("J15")
@pytest.mark.parametrize("what", CHANGES)
def test_every_single_change_at_the_venue_is_told_within_two_looks(what: str) -> None:
    """The true view says nothing, twice; with one thing changed its kind is told, and nothing else."""
    changed, kind = CHANGES[what]
    desk = Desk()
    desk.write(*FACTS)
    for number in range(2):
        looked(desk, f"true {number}")
    assert desk.said == []
    for number in range(2):
        looked(desk, f"changed {number}", changed)
    assert kinds(desk) == [kind]


@pytest.mark.row("J15", "K14")
@pytest.mark.parametrize("name", ["", "x-broker-1"])
def test_an_order_shown_under_another_client_id_is_known_by_the_venues_own(name: str) -> None:
    """It is no stranger, it is not missing, and what was filled of it is compared all the same."""
    desk = Desk()
    desk.write(*FACTS)
    looked(desk, "e1", with_one("orders", 1, client_order_id=name))
    assert desk.said == []
    other = with_one("orders", 1, client_order_id=name, filled_quantity=Decimal("0.75"))
    looked(desk, "e2", other)
    (told,) = desk.told(Discrepancy)
    assert (told.kind, told.subject) == (DiscrepancyKind.FILLED_QUANTITY, PART.client_order_id)
    assert (told.expected, told.observed) == ("0.5", "0.75")


@pytest.mark.row("J15", "E13", "K14")
@pytest.mark.parametrize("pause_ms, adjusted, halted", [(DAY_MS, 2, 0), (DAY_MS - 60_000, 1, 1)])
def test_only_the_adjustments_of_a_day_sum_up(pause_ms: int, adjusted: int, halted: int) -> None:
    """3 % today and 3 % more after 24 h are two corrections; a minute sooner they are a halt."""
    desk = trading()
    desk.look("0.97", "e1")
    desk.look("0.97", "e2")
    desk.now_ms = desk.told(Adjustment)[0].time_ms + pause_ms
    desk.look("0.94", "e3")
    desk.look("0.94", "e4")
    assert len(desk.told(Adjustment)) == adjusted
    assert len(desk.told(Halted)) == halted


@pytest.mark.row("J15")
@pytest.mark.parametrize("lost", ["-0.001", "0.02", "-0.07"])
def test_an_adjustment_is_what_was_lost(lost: str) -> None:
    """Neither its sign nor its size is anything but the difference that two looks showed."""
    desk = trading("2")
    there = Decimal(2) + Decimal(lost)
    desk.look(str(there), "e1")
    desk.look(str(there), "e2")
    (adjustment,) = desk.told(Adjustment)
    assert adjustment.quantity == Decimal(lost)
