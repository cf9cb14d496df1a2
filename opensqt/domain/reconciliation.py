"""Comparing what the journal says with what the venue showed: pure rules, exact, both sides of every union.

A comparison never blames what may still be on its way: it asks whether the venue's figure was true at any instant since
the venue was asked. It never invents a fill, a price or an order.
"""

from collections import deque
from decimal import Decimal

import msgspec

from opensqt.domain import ids, order_state
from opensqt.domain.account import SnapshotOrder, VenueSnapshot
from opensqt.domain.decimals import EXACT, ZERO, canonical
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType
from opensqt.domain.ledger import Ledger
from opensqt.domain.order_events import IntentPlaced
from opensqt.domain.recon_events import DiscrepancyKind

STEPS_KEPT = 1000


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One disagreement; `subject` is the order, asset or symbol it is about."""

    kind: DiscrepancyKind
    symbol: str
    subject: str
    expected: str
    observed: str
    detail: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same disagreement at two instants."""
        return self.kind.value, self.symbol, self.subject


class Track:
    """How a figure of the books moved, by journal position."""

    def __init__(self) -> None:
        self._steps: deque[tuple[int, Decimal]] = deque(maxlen=STEPS_KEPT)

    def note(self, position: int, figure: Decimal) -> None:
        """Remember the figure after a journal position."""
        self._steps.append((position, figure))

    def since(self, position: int) -> tuple[Decimal, ...] | None:
        """Return the figure at a position and all later ones; None when that is too long ago to know."""
        before = ZERO
        known = len(self._steps) < STEPS_KEPT
        later: list[Decimal] = []
        for at, figure in self._steps:
            if at <= position:
                before, known = figure, True
            else:
                later.append(figure)
        return (before, *later) if known else None


def drift(venue: Decimal, ledger: Decimal, lot: Decimal) -> Decimal:
    """Return the disagreement of two quantities as a share of the larger one, at least of one lot (> 0)."""
    whole = max(abs(venue), abs(ledger), lot)
    if whole == 0:
        return ZERO
    return EXACT.divide(abs(EXACT.subtract(venue, ledger)), whole)


def differences(venue: Decimal, figures: tuple[Decimal, ...]) -> frozenset[Decimal]:
    """Return by how much the venue's figure differs from each of ours; nothing when it agrees with any."""
    found = frozenset(EXACT.subtract(venue, figure) for figure in figures)
    return frozenset() if ZERO in found else found


def is_doubtful(books: Ledger, account: str, symbol: str) -> bool:
    """Tell whether an order of the account in this symbol may be at the venue without our knowing."""
    return any(
        order.phase in order_state.IN_DOUBT
        for order in books.index.open.living()
        if order.placed is not None
        and order.placed.ref.account == account
        and order.placed.ref.symbol == symbol
    )


def owner(books: Ledger, place: tuple[str, ...]) -> str:
    """Return which strategy holds most of a symbol; an empty text when none holds any."""
    held = sorted(
        (-abs(one.quantity), key[0])
        for key, one in books.holdings.items()
        if key[1:] == place and one.quantity != 0
    )
    return held[0][1] if held else ""


def shown_orders(
    books: Ledger, snapshot: VenueSnapshot, moved: dict[str, int]
) -> tuple[list[Finding], set[str]]:
    """Compare the orders that the venue shows; return what disagrees and which subjects cannot be judged.

    `moved` is the last journal position of each order: evidence after the venue was asked voids a comparison.
    """
    findings: list[Finding] = []
    void: set[str] = set()
    for shown in snapshot.orders:
        place = (snapshot.account, shown.symbol)
        order = books.index.find(place, shown.client_order_id, shown.venue_order_id)
        if order is None or order.placed is None:
            findings.append(_stranger(shown))
        elif moved.get(order.client_order_id, 0) > snapshot.journal_position:
            void.add(order.client_order_id)
        elif order.terminal:
            findings.append(_undead(shown, order))
        elif _terms(shown) != (terms := _ordered(order.placed, shown)):
            findings.append(_altered(shown, order, terms))
        elif shown.filled_quantity != order.filled:
            findings.append(_unfilled(shown, order))
    return findings, void


def missing_orders(
    books: Ledger,
    snapshot: VenueSnapshot,
    moved: dict[str, int],
    *,
    young_ms: int = 0,
) -> tuple[list[Finding], set[str]]:
    """Find orders that the journal holds for open and the venue does not show, where it was asked for them.

    One that was placed less than `young_ms` (market) before may be there and not shown yet.
    """
    shown = {order.client_order_id for order in snapshot.orders}
    shown_ids = {(order.symbol, order.venue_order_id) for order in snapshot.orders}
    findings: list[Finding] = []
    void: set[str] = set()
    for order in sorted(books.index.open.living(), key=lambda one: one.client_order_id):
        name = order.client_order_id
        if order.placed is None or order.phase not in order_state.AT_VENUE or name in shown:
            continue
        ref = order.placed.ref
        venue_order_id = order.accepted.venue_order_id if order.accepted is not None else ""
        elsewhere = ref.symbol not in snapshot.symbols or ref.account != snapshot.account
        if elsewhere or (ref.symbol, venue_order_id) in shown_ids:
            continue
        is_young = order.placed.time_ms > snapshot.started_ms - young_ms
        if is_young or moved.get(name, 0) > snapshot.journal_position:
            void.add(name)
            continue
        findings.append(
            Finding(
                kind=DiscrepancyKind.MISSING_ORDER,
                symbol=ref.symbol,
                subject=name,
                expected=order.phase.value,
                observed="not open",
                detail="open in the journal, not open at the venue; its end is asked for",
            )
        )
    return findings, void


def _stranger(shown: SnapshotOrder) -> Finding:
    ours = ids.is_ours(shown.client_order_id)
    kind = DiscrepancyKind.ORPHAN_ORDER if ours else DiscrepancyKind.UNKNOWN_ORDER
    whose = (
        "the id has our form, the journal does not know it; the executor adopts it"
        if ours
        else "not placed by us; it is left alone"
    )
    return Finding(
        kind=kind,
        symbol=shown.symbol,
        subject=shown.client_order_id or shown.venue_order_id,
        expected="none",
        observed=f"open, venue order {shown.venue_order_id}",
        detail=f"{_size(*_terms(shown))}: {whose}",
    )


_Terms = tuple[Side, Decimal, Decimal]  # side, quantity, price


def _terms(shown: SnapshotOrder) -> _Terms:
    return shown.side, shown.quantity, shown.price


def _ordered(placed: IntentPlaced, shown: SnapshotOrder) -> _Terms:
    """Return the terms on which we placed an order; a market order names no price that could differ."""
    price = shown.price if placed.type is OrderType.MARKET else placed.price
    return placed.side, placed.quantity, price


def _altered(shown: SnapshotOrder, order: order_state.Order, terms: _Terms) -> Finding:
    return Finding(
        kind=DiscrepancyKind.UNKNOWN_ORDER,
        symbol=shown.symbol,
        subject=order.client_order_id,
        expected=_size(*terms),
        observed=_size(*_terms(shown)),
        detail="the venue shows other terms than we placed; it is left alone",
    )


def _size(side: Side, quantity: Decimal, price: Decimal) -> str:
    return f"{side.value} {canonical(quantity)} at {canonical(price)}"


def _undead(shown: SnapshotOrder, order: order_state.Order) -> Finding:
    return Finding(
        kind=DiscrepancyKind.ORPHAN_ORDER,
        symbol=shown.symbol,
        subject=order.client_order_id,
        expected=order.phase.value,
        observed=f"open, venue order {shown.venue_order_id}",
        detail="ended in the journal, open at the venue; it is left alone",
    )


def _unfilled(shown: SnapshotOrder, order: order_state.Order) -> Finding:
    return Finding(
        kind=DiscrepancyKind.FILLED_QUANTITY,
        symbol=shown.symbol,
        subject=order.client_order_id,
        expected=canonical(order.filled),
        observed=canonical(shown.filled_quantity),
        detail="the venue filled another quantity than our trades show",
    )
