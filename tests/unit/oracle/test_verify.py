"""Each check of `verify` holds for a sound desk and fails for the one thing that it is there to find."""

from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from opensqt.cli.verify_books import StoredBooks, fold, projections_equal_fold, state_hash
from opensqt.cli.verify_evidence import Audited, Check, JudgedEvent, JudgedEvidence
from opensqt.cli.verify_money import fills_equal_position, ledger_identity
from opensqt.cli.verify_orders import (
    no_order_without_intent,
    nothing_unresolved,
    one_order_per_intent,
)
from opensqt.domain.instruments import Market
from opensqt.domain.ledger_content import content, digest, restore
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, NeverPlaced, Submitting
from opensqt.runtime.projection.port import Snapshot
from opensqt.runtime.projection.tables import rows
from opensqt.simulation.engine.audit import AuditRow, Kind, rfc3339
from tests.ledgers import PERP, SPOT, canceled, deposit, fill, folded, opened, ref_of

ONE, TWO = ref_of(1), ref_of(2, SPOT)
TRADES = (
    fill(ONE, "1", "0.5", realized_pnl=Decimal("0.25")),
    fill(ONE, "2", "0.5", time_ms=4),
    fill(TWO, "1", "2", fee=Decimal("0.001"), fee_asset="BTC", time_ms=5),
)


def facts() -> list[Event]:
    """Return a small sound day."""
    return [
        deposit(Market.SPOT, "USDT", "1000"),
        deposit(Market.PERP, "USDT", "500"),
        *opened(ONE),
        *TRADES[:2],
        *opened(TWO, quantity="2"),
        TRADES[2],
    ]


def line(kind: Kind, time_ms: int, **told: str) -> Audited:
    """Return a row of the audit."""
    row = AuditRow(time=rfc3339(time_ms), venue="binance", account="main", kind=kind, **told)
    return Audited(row=row, time_ms=time_ms)


def place(client_order_id: str, time_ms: int = 2) -> Audited:
    """Return an accepted order at the venue."""
    return line(Kind.PLACE, time_ms, client_order_id=client_order_id, result="accepted")


def traded(trade: Fill) -> Audited:
    """Return a trade as the venue tells it."""
    return line(
        Kind.FILL,
        trade.time_ms,
        client_order_id=trade.ref.client_order_id,
        trade_id=trade.trade_id,
        symbol="BTCUSDT",
        market="perp" if trade.ref.symbol == PERP else "spot",
        side=trade.side.value,
        quantity=str(trade.quantity),
        price=str(trade.price),
        fee=str(trade.fee),
        fee_asset=trade.fee_asset,
    )


def stated(market: str, asset: str, total: str, time_ms: int = 9) -> Audited:
    """Return a balance as the venue states it."""
    return line(Kind.BALANCE, time_ms, market=market, fee_asset=asset, quantity=total)


def audit() -> list[Audited]:
    """Return what the venue told of the small day."""
    return [
        stated("perp", "USDT", "500", 1),
        place(ONE.client_order_id),
        *(traded(trade) for trade in TRADES[:2]),
        place(TWO.client_order_id, 3),
        traded(TRADES[2]),
        stated("perp", "USDT", "500.23"),
        stated("spot", "USDT", "800"),
        stated("spot", "BTC", "1.999"),
    ]


def evidence(
    rows_of_audit: list[Audited] | None, messages: list[Event], until_ms: int | None = None
) -> JudgedEvidence:
    """Return both sides as `verify` reads them."""
    return JudgedEvidence(
        audit=None if rows_of_audit is None else tuple(rows_of_audit),
        events=events(messages),
        until_ms=until_ms,
    )


def events(messages: list[Event]) -> tuple[JudgedEvent, ...]:
    """Return facts as journal rows."""
    return tuple(
        JudgedEvent(position=at, actor="executor-main", occurred_ms=at, message=message)
        for at, message in enumerate(messages, start=1)
    )


def judged(found: JudgedEvidence) -> dict[str, Check]:
    """Return every check that needs the audit."""
    books = folded([event.message for event in found.events])
    positions = {key: net.position.quantity for key, net in books.nets.items()}
    checks = (
        one_order_per_intent(found),
        no_order_without_intent(found),
        fills_equal_position(found, positions),
        ledger_identity(found),
        nothing_unresolved(found, len(books.parked)),
    )
    return {check.check: check for check in checks}


def failed(found: JudgedEvidence) -> set[str]:
    """Return the names of the checks that do not hold."""
    return {name for name, check in judged(found).items() if not check.holds}


@pytest.mark.row("J09")
def test_a_sound_day_holds() -> None:
    """Nothing is found where nothing is wrong, and what was counted is said."""
    checks = judged(evidence(audit(), facts()))
    assert {name: check.detail for name, check in checks.items()} == dict.fromkeys(checks, "")
    assert checks["one_order_per_intent"].figure == "2 intents, 2 venue orders"
    assert checks["fills_equal_position"].figure == "3 fills, 2 positions"
    assert checks["ledger_identity"].figure.startswith("3 wallets, difference 0")


@pytest.mark.row("K06", "J09")
def test_a_fee_in_base_that_is_not_counted_is_found() -> None:
    """The position is 1.999 of the 2 that were bought, and the wallet says so: 2 in either would be wrong."""
    found = evidence(audit(), facts())
    place: tuple[str, ...] = ("binance", "main", SPOT)
    held = {(*place[:2], PERP): Decimal(1), place: Decimal("1.999")}
    assert fills_equal_position(found, held).holds
    gross = fills_equal_position(found, held | {place: Decimal(2)})
    assert (gross.holds, gross.detail) == (False, f"{SPOT}: trades make 1.999, the books hold 2")
    free = msgspec.structs.replace(TRADES[2], fee=Decimal(0))
    without = ledger_identity(evidence(audit(), [*facts()[:-1], free]))
    assert not without.holds
    assert "spot/BTC: the venue states 1.999, the journal makes 2" in without.detail


Broken = tuple[Callable[[list[Audited], list[Event]], object], str]
BROKEN: dict[str, Broken] = {
    "an id accepted twice": (
        lambda rows, _: rows.append(place(ONE.client_order_id)),
        "one_order_per_intent",
    ),
    "an intent that came to nothing without a reason": (
        lambda rows, _: rows.remove(place(ONE.client_order_id)),
        "one_order_per_intent",
    ),
    "an order that was proved absent and is there": (
        lambda _, told: told.append(NeverPlaced(ref=ONE, proof="p", evidence_hash="", time_ms=8)),
        "one_order_per_intent",
    ),
    "an order that the journal does not know": (
        lambda rows, _: rows.append(place("q" + "0" * 26)),
        "no_order_without_intent",
    ),
    "an order that was journalled after it was sent": (
        lambda rows, _: rows.__setitem__(1, place(ONE.client_order_id, 0)),
        "no_order_without_intent",
    ),
    "a trade that the journal lost": (
        lambda _, told: told.remove(TRADES[1]),
        "fills_equal_position",
    ),
    "a trade that never was": (
        lambda _, told: told.append(fill(ONE, "9", "1")),
        "fills_equal_position",
    ),
    "a trade with another price": (
        lambda _, told: told.__setitem__(
            told.index(TRADES[1]), msgspec.structs.replace(TRADES[1], price=Decimal(101))
        ),
        "fills_equal_position",
    ),
    "a trade told twice by the venue": (
        lambda rows, _: rows.append(traded(TRADES[0])),
        "fills_equal_position",
    ),
    "a balance that is a cent off": (
        lambda rows, _: rows.append(stated("perp", "USDT", "500.24")),
        "ledger_identity",
    ),
    "a profit that the venue did not book": (
        lambda _, told: told.__setitem__(
            told.index(TRADES[1]), msgspec.structs.replace(TRADES[1], realized_pnl=Decimal("0.01"))
        ),
        "ledger_identity",
    ),
    "a request without an outcome": (
        lambda _, told: told.append(Submitting(ref=ref_of(3), epoch=1, deadline_ms=1, time_ms=1)),
        "nothing_unresolved",
    ),
}


@pytest.mark.row("J09")
@pytest.mark.parametrize("what", BROKEN)
def test_each_fault_is_found_by_its_check(what: str) -> None:
    """One thing is broken; the check that is there for it says so."""
    rows_of_audit, messages = audit(), facts()
    breaks, check = BROKEN[what]
    breaks(rows_of_audit, messages)
    assert check in failed(evidence(rows_of_audit, messages))


def test_what_is_under_way_is_pending_not_wrong() -> None:
    """A trade, an order and a request after the point of judgement are not held against a running desk."""
    messages = [m for m in facts() if m is not TRADES[2]]
    messages.append(Submitting(ref=ref_of(3), epoch=1, deadline_ms=1, time_ms=6))
    assert failed(evidence(audit(), messages)) == {"fills_equal_position", "nothing_unresolved"}
    found = judged(evidence(audit(), messages, until_ms=4))
    assert all(check.holds for check in found.values())
    assert "not paged yet" in found["fills_equal_position"].detail
    assert "pending" in found["ledger_identity"].detail


def test_a_wallet_that_the_desk_never_read_or_traded_is_not_judged() -> None:
    """A desk of perpetuals states nothing about its spot wallet; as soon as it trades there, it must."""
    perpetual = [fact for fact in facts() if fact not in (facts()[0], *facts()[-3:])]
    idle = [row for row in audit() if row.row.market != "spot"]
    asset = stated("spot", "BTC", "1")
    check = ledger_identity(evidence([*idle, asset], perpetual))
    assert check.holds, check.detail
    assert "main/spot" in check.detail
    assert not ledger_identity(evidence([*audit(), asset], facts()[1:])).holds


def test_the_trades_of_an_order_that_ended_are_never_pending() -> None:
    """The journal holds the end of the order, so a trade that is missing is lost."""
    messages = [m for m in facts() if m is not TRADES[2]]
    found = judged(evidence(audit(), [*messages, canceled(TWO, "2")], until_ms=4))
    assert not found["fills_equal_position"].holds


def test_without_an_audit_the_journal_is_judged_alone() -> None:
    """A real venue has no audit; the checks say that they are weaker."""
    found = judged(evidence(None, facts()))
    assert all(check.holds for check in found.values())
    assert "no audit" in found["one_order_per_intent"].detail


def live(messages: list[Event], position: int, kept: int = 0) -> StoredBooks:
    """Return projections and a snapshot as a reconciler leaves them."""
    books = folded(messages[:position])
    snapshot = None
    if kept:
        before = folded(messages[:kept])
        form = restore(content(before))
        snapshot = Snapshot(position=kept, sha256=digest(before), books=form)
    return StoredBooks(
        position=position,
        tables={table.value: found for table, found in rows(books).items()},
        snapshot=snapshot,
    )


@pytest.mark.row("A05")
@pytest.mark.parametrize("kept", [0, 5])
def test_projections_behind_the_head_and_a_snapshot_hold(kept: int) -> None:
    """Rows are judged at their own position, and the books from the snapshot on."""
    messages = facts()
    there = live(messages, 6, kept)
    made = fold(events(messages), there)
    assert projections_equal_fold(there, made).holds
    assert state_hash(there, made).holds


@pytest.mark.row("A05")
def test_a_row_or_a_snapshot_that_differs_is_found() -> None:
    """One order of another price, or a snapshot of another day, is not passed over."""
    messages = facts()
    there = live(messages, 6, 5)
    table, found = next((t, f) for t, f in there.tables.items() if f)
    found.pop()
    made = fold(events(messages), there)
    check = projections_equal_fold(there, made)
    assert not check.holds
    assert table in check.detail
    wrong = live([*messages[:4], *messages[5:], messages[4]], 6, 5)
    assert not state_hash(wrong, fold(events(messages), wrong)).holds
