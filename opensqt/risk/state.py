"""What risk knows: a fold of FEED, plus its own approvals that have not come back yet. Pure; it never asks anybody."""

from decimal import Decimal
from itertools import takewhile

from opensqt.domain.control import MANUAL_OWNER, LimitChanged, OrderedByHand
from opensqt.domain.decimals import ZERO
from opensqt.domain.grounds import Exposure
from opensqt.domain.instruments import InstrumentRules, Side
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.domain.order_events import IntentPlaced
from opensqt.domain.order_index import NOTHING, Change, OrderIndex
from opensqt.domain.owned_positions import NOBODY, Place
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import RiskApproved, RiskRefused, Verdict
from opensqt.risk.funds import AccountFunds
from opensqt.risk.prices import Prices
from opensqt.risk.stakes import IDLE, PlaceStakes, Stakes

TRADES_MAX = 100_000  # a repetition comes at once or not at all
SETTLED_KEPT_MS = 60_000  # market ms that verdicts and ended orders are remembered


class RiskState:
    """The books of the gate. Everything is rebuilt from the journal at every start."""

    def __init__(self) -> None:
        self.rules: dict[tuple[str, str], InstrumentRules] = {}
        self.prices = Prices()
        self.funds = AccountFunds()
        self.index = OrderIndex(trades_max=TRADES_MAX)
        self.stakes = Stakes(self.index.positions)
        self.verdicts: dict[str, Verdict] = {}
        # Approved, by no order event confirmed yet; they count as live.
        self.pending: dict[str, PlaceIntent] = {}
        self.switches = TradingControls()
        self.limits: dict[str, LimitChanged] = {}  # field -> its newest change
        self.by_hand: dict[str, OrderedByHand] = {}  # by intent, what the journal holds no end of
        self.now_ms = 0

    def anew(self) -> "RiskState":
        """Return books to fold again from the journal's beginning.

        Verdicts of ours that nobody has recorded yet are not in the journal: they are kept, or an intent said again
        would be judged twice and its exposure forgotten meanwhile.
        """
        fresh = RiskState()
        fresh.verdicts = dict(self.verdicts)
        for intent in self.pending.values():
            fresh._await(intent)
        fresh.now_ms = self.now_ms
        return fresh

    def fold(self, event: Event) -> Change:
        """Take in one event of FEED and return what it changed of orders; repeated events change nothing."""
        self.now_ms = max(self.now_ms, event.time_ms)
        match event:
            case Tick():
                self.prices.show(event)
            case InstrumentRules():
                self.rules[event.venue, event.symbol] = event
            case RiskApproved() | RiskRefused():
                self.verdicts[event.intent_id] = event
                self.by_hand.pop(event.intent_id, None)
                if isinstance(event, RiskRefused):
                    self._settle(event.intent_id)
            case OrderedByHand(intent=intent):
                if intent.strategy == MANUAL_OWNER:  # nobody wishes by hand what a strategy owns
                    self.by_hand[intent.intent_id] = event
            case LimitChanged():
                known = self.limits.get(event.field)
                if known is None or known.time_ms <= event.time_ms:
                    self.limits[event.field] = event
            case _ if isinstance(event, Switch):
                self.switches = thrown(self.switches, event)
            case _:
                return self._count(event)
        return NOTHING

    def reserve(self, approval: RiskApproved) -> None:
        """Count an approval as live until the journal shows the order or its horizon has passed."""
        self.verdicts[approval.intent_id] = approval
        if approval.place is not None:
            self._await(approval.place)

    def take_back(self, intent_id: str) -> None:
        """Forget an approval that outlived its time and that nobody recorded: it is judged again, as late."""
        self.verdicts.pop(intent_id, None)
        self._settle(intent_id)

    def exposure(self, intent: PlaceIntent) -> Exposure:
        """Return what the account has at stake in the intent's symbol, at worst."""
        place = (intent.account, intent.symbol)
        here = self.stakes_at(place)
        buys, sells = here.sides[Side.BUY], here.sides[Side.SELL]
        own = here.sides[intent.side].at_work.get(intent.strategy, IDLE)
        return Exposure(
            net=self.index.positions.net(place),
            buys_open=buys.open,
            sells_open=sells.open,
            orders_open=self.stakes.count(intent.account),
            nobodys=self.index.positions.own(NOBODY, place),
            own=self.index.positions.own(intent.strategy, place),
            own_closing=own.closing,
            own_opening=own.opening,
            own_bid=buys.best,
            orders_here=here.orders,
            own_ask=sells.best,
        )

    def stakes_at(self, place: Place) -> PlaceStakes:
        """Return what is at stake in a place, ended orders whose fills may still come included."""
        return self.stakes.at(place, self.index.open.owed)

    def _count(self, event: Event) -> Change:
        """Take in what may change an order or a position, and return what it changed."""
        change = self.index.fold(event)
        if change.order is not None:
            self.stakes.file(change.order)
        for fill in change.booked:
            self.funds.book(fill)
        for fill in (*change.booked, *change.claimed):
            self._hold(fill.ref.venue, (fill.ref.account, fill.ref.symbol), fill.price)
        if isinstance(event, IntentPlaced):
            self.prices.venues[event.ref.account] = event.ref.venue
            self._settle(event.ref.intent_id)
        elif isinstance(event, Adjustment | PositionAdopted):
            place = (event.account, event.symbol)
            price = event.entry_price if isinstance(event, PositionAdopted) else None
            self._hold(event.venue, place, price)
            # A correction gains and loses nothing: it counts at what is known of the price.
            self.funds.hold(place, event.quantity, price or self.prices.price(place) or ZERO)
        else:
            self.funds.fold(event)
        return change

    def _hold(self, venue: str, place: Place, price: Decimal | None) -> None:
        self.prices.venues[place[0]] = venue
        self.stakes.changed(place)
        if price is not None:
            self.prices.traded(place, price)

    def _await(self, intent: PlaceIntent) -> None:
        self.prices.venues[intent.account] = intent.venue
        self.pending[intent.intent_id] = intent
        self.stakes.approve(intent)

    def _settle(self, intent_id: str) -> None:
        known = self.pending.pop(intent_id, None)
        if known is not None:
            self.stakes.drop(known)

    def forget(self, horizon_ms: int) -> None:
        """Drop approvals that can no longer be sent and what ended long ago; `horizon_ms` is market time."""
        for intent_id, pending in list(self.pending.items()):
            if pending.valid_until_ms < horizon_ms:
                self._settle(intent_id)
        old = horizon_ms - SETTLED_KEPT_MS
        # Both stand in order of time, but for those that the journal held at the start: the oldest come first.
        for intent_id in list(takewhile(lambda i: self.verdicts[i].time_ms < old, self.verdicts)):
            if intent_id not in self.pending:  # else the same wish would be judged beside itself
                del self.verdicts[intent_id]
        self.index.forget_ended_before(old)
