"""What the reconciler remembers between two looks at the venue. Pure; folded from the journal like the books."""

from collections import defaultdict
from decimal import Decimal
from typing import NamedTuple

import msgspec

from opensqt.domain.account import (
    BalanceChanged,
    Deposit,
    FundingPaid,
    PositionStated,
    VenueSnapshot,
)
from opensqt.domain.control import CONTROL_STREAM, ControlEvent, KillReleased
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.domain.journal import Recorded
from opensqt.domain.ledger import Key, Ledger
from opensqt.domain.ledger_wallet import assets_of, booked_in
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.order_events import Fill, IntentPlaced, OrderEvent
from opensqt.domain.order_index import Change
from opensqt.domain.position import Position
from opensqt.domain.recon_events import (
    Adjustment,
    Discrepancy,
    DiscrepancyKind,
    Halted,
    Resumed,
    Transferred,
    VenueNotice,
)
from opensqt.domain.reconciliation import Track
from opensqt.domain.scope import DESK
from opensqt.domain.strategy_events import PositionAdopted, StrategyNote
from opensqt.domain.trading_controls import RESTORE, Switch
from opensqt.domain.verdict import RiskEvent

DAY_MS = 86_400_000
_MovesNothing = (
    MarketEvent | RiskEvent | ControlEvent | FeedEvent | VenueSnapshot | BalanceChanged
) | (Switch | Discrepancy | VenueNotice | StrategyNote)
_MOVING = OrderEvent | FundingPaid | PositionAdopted | Adjustment  # what may move a holding


class Origin(NamedTuple):
    """A row that is judged, as what is said of it names it."""

    event_id: str = ""
    begun_by: str = ""  # the row with which its story began


def origin_of(row: Recorded) -> Origin:
    """Return a row as an origin."""
    return Origin(row.event_id, row.correlation_id or row.event_id)


def position_key(place: Key) -> Key:
    """Return under which key a disagreement about the position of (venue, account, symbol) stands."""
    venue, account, symbol = place
    return (venue, account, DiscrepancyKind.POSITION.value, symbol, symbol)


class Movers:
    """Which row moved what each strategy holds last."""

    def __init__(self) -> None:
        self._held: dict[Key, Position] = {}
        self._origins: dict[Key, Origin] = {}

    def fold(self, books: Ledger, origin: Origin, message: Event) -> None:
        """Take in a row that the books have folded."""
        if not isinstance(message, _MOVING):
            return
        # A trade of nobody's moves a holding when its order is told, so the message alone does not say whose.
        for key, held in books.holdings.items():
            if self._held.get(key) is not held:
                self._held[key], self._origins[key] = held, origin

    def of(self, key: Key) -> Origin:
        """Return the row that moved a holding (strategy, venue, account, symbol) last."""
        return self._origins[key]


class PendingSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that is not judged yet; `recorded_ms` is wall time."""

    position: int
    recorded_ms: int
    origin: Origin
    snapshot: VenueSnapshot


class OpenDiscrepancy(msgspec.Struct, frozen=True, kw_only=True):
    """A disagreement that stands: since which evidence, by which differences, told or not."""

    since: str  # hash of the evidence that showed it first
    differences: frozenset[Decimal] = frozenset()
    passes: int = 1
    told: bool = False


class StatedHolding(msgspec.Struct, frozen=True, kw_only=True):
    """What was last stated about a holding."""

    quantity: Decimal
    entry_price: Decimal
    realized_pnl: Decimal
    funding: Decimal


class OpenAdjustment(msgspec.Struct, frozen=True, kw_only=True):
    """An adjustment that was made and not reversed."""

    event_id: str
    adjustment: Adjustment


class RestoredBackup:
    """What of a restored desk the venue has shown since; the positions of all else are as old as the backup."""

    def __init__(self) -> None:
        self.halt: Halted | None = None
        self.cause = ""  # event id of the halt
        self._shown: set[Key] = set()
        self._position = 0
        self.switched = 0  # version of the stream of switches
        self.read_ms = 0  # market time of the last look

    def fold(self, books: Ledger, row: Recorded, message: Event) -> None:
        """Take in a row that the books hold: a restore begins it; a person, or our word that all was read, ends it."""
        if row.stream == CONTROL_STREAM:
            self.switched = row.version
        if isinstance(message, Halted) and message.name == DESK:
            restored = row.actor == RESTORE
            self.halt, self.cause = (message, row.event_id) if restored else (None, "")
            self._position = row.position
            self._shown.clear()
        elif isinstance(message, Resumed | KillReleased) and DESK not in books.controls.halts:
            self.halt = None
        elif isinstance(message, VenueSnapshot) and message.journal_position >= self._position:
            self._shown.add((message.venue, message.account))
            self.read_ms = message.time_ms

    def is_read(self, books: Ledger) -> bool:
        """Tell whether the venue has shown every account of a restored desk, and nobody said so."""
        if self.halt is None or not self._shown:
            return False
        known = {key[1:3] for key in books.holdings} | {key[:2] for key in books.wallets}
        return known <= self._shown


class ReconcilerState:
    """The reconciler's memory; every change comes through `fold`."""

    def __init__(self) -> None:
        self.waiting: list[PendingSnapshot] = []
        self.standing: dict[Key, OpenDiscrepancy] = {}
        self.nets: defaultdict[Key, Track] = defaultdict(Track)
        self.wallets: defaultdict[Key, Track] = defaultdict(Track)
        self.moved: dict[str, int] = {}  # order -> last journal position
        self.lots: dict[str, Decimal] = {}  # symbol -> smallest quantity ordered
        self.stated: dict[Key, StatedHolding] = {}
        self.corrected: list[OpenAdjustment] = []
        self.adjusting: set[Key] = set()  # places whose adjustment is not in the journal yet
        self.adjusted_at: dict[Key, int] = {}  # place -> journal position of its last adjustment

    def fold(self, books: Ledger, at: int, event_id: str, message: Event, change: Change) -> None:
        """Take in a fact that the books have folded already, and what it changed of orders there."""
        if change.order is not None:
            self.moved[change.order.client_order_id] = at
        match message:
            case _ if isinstance(message, OrderEvent):
                self._evidence(books, at, message)
            case Deposit():
                self._wallet(
                    books, at, message.venue, message.account, message.wallet, message.asset
                )
            case FundingPaid():
                wallet = message.wallet or Market.PERP.value
                self._wallet(books, at, message.venue, message.account, wallet, message.asset)
            case Transferred():
                for wallet in (message.from_wallet, message.to_wallet):
                    self._wallet(books, at, message.venue, message.account, wallet, message.asset)
            case PositionAdopted():
                self._net(books, at, (message.venue, message.account, message.symbol))
            case Adjustment():
                place = (message.venue, message.account, message.symbol)
                self.adjusting.discard(place)
                self.adjusted_at[place] = at
                self.standing.pop(position_key(place), None)
                self._net(books, at, place)
                if not message.reverses:
                    self.corrected.append(OpenAdjustment(event_id=event_id, adjustment=message))
            case PositionStated():
                key = (message.strategy, message.venue, message.account, message.symbol)
                self.stated[key] = StatedHolding(
                    quantity=message.quantity,
                    entry_price=message.entry_price,
                    realized_pnl=message.realized_pnl,
                    funding=message.funding,
                )
            case _:
                _not_mine: _MovesNothing = message

    def adjusted(self, place: Key, now_ms: int) -> Decimal:
        """Return the sum of the sizes of all adjustments of a symbol within 24 h of market time."""
        sizes = (
            abs(one.adjustment.quantity)
            for one in self.corrected
            if (one.adjustment.venue, one.adjustment.account, one.adjustment.symbol) == place
            and one.adjustment.time_ms > now_ms - DAY_MS
        )
        return sum(sizes, ZERO)

    def disproved(self, fill: Fill) -> list[OpenAdjustment]:
        """Return, and forget, the adjustments in whose window this trade lies."""
        place = (fill.ref.venue, fill.ref.account, fill.ref.symbol)
        found = [
            one
            for one in self.corrected
            if (one.adjustment.venue, one.adjustment.account, one.adjustment.symbol) == place
            and fill.time_ms <= one.adjustment.time_ms
        ]
        self.corrected = [one for one in self.corrected if one not in found]
        return found

    def _evidence(self, books: Ledger, at: int, event: OrderEvent) -> None:
        if isinstance(event, IntentPlaced):
            lot = self.lots.get(event.ref.symbol, event.quantity)
            self.lots[event.ref.symbol] = min(lot, event.quantity)
        if isinstance(event, Fill):
            self._fill(books, at, event)

    def _fill(self, books: Ledger, at: int, fill: Fill) -> None:
        ref = fill.ref
        self._net(books, at, (ref.venue, ref.account, ref.symbol))
        for asset in {*assets_of(ref.symbol), fill.fee_asset} - {""}:
            self._wallet(books, at, ref.venue, ref.account, booked_in(fill), asset)

    def _net(self, books: Ledger, at: int, place: Key) -> None:
        self.nets[place].note(at, books.nets[place].position.quantity)

    def _wallet(
        self, books: Ledger, at: int, venue: str, account: str, wallet: str, asset: str
    ) -> None:
        key = (venue, account, wallet, asset)
        if key in books.wallets:
            self.wallets[key].note(at, books.wallets[key].total)
