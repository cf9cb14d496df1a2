"""What the executor of one account knows: its orders, trades and latches, folded from the journal. Pure."""

from decimal import Decimal

from opensqt.domain import life
from opensqt.domain.account import Deposit, FundingPaid, VenueSnapshot
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.messages import Message
from opensqt.domain.order import Accepted, Canceled, Expired, Fill, IntentPlaced
from opensqt.domain.verdict import RiskApproved, RiskRefused

DESK = "desk"


class State:
    """The books of one account; every change comes through `fold`, repeated facts change nothing."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.orders: dict[str, life.Order] = {}
        self.attempts: dict[str, list[str]] = {}  # intent id -> client order ids, oldest first
        self.venue_ids: dict[tuple[str, str], str] = {}  # symbol, venue order id -> client order id
        self.judged: set[str] = set()  # intents whose verdict is in the journal
        self.tombstones: set[str] = set()  # place intents cancelled before they were seen
        self.read_ms: dict[
            str, int
        ] = {}  # symbol -> market time up to which a snapshot read all trades
        self.trades: set[tuple[str, str]] = set()
        self.net: dict[str, Decimal] = {}
        self.killed: dict[str, KillLatched] = {}
        self.deposits: set[tuple[Market, str]] = set()
        self.income: set[str] = set()
        self.income_ms = 0
        self.contradicted: set[str] = set()
        self.admitted: dict[str, PlaceIntent] = {}  # being committed now; they count as live

    def fold(self, message: Message) -> None:
        """Take in one fact of the journal."""
        match message:
            case RiskApproved() | RiskRefused():
                self._judge(message)
            case KillLatched():
                self.killed[message.scope] = message
            case KillReleased():
                self.killed.pop(message.scope, None)
            case Deposit() if message.account == self.account:
                self.deposits.add((message.market, message.asset))
            case VenueSnapshot() if message.account == self.account:
                self.read_ms |= dict.fromkeys(message.symbols, message.started_ms)
            case FundingPaid() if message.account == self.account:
                self.income.add(message.income_id)
                self.income_ms = max(self.income_ms, message.time_ms)
            case _ if life.is_order_event(message):
                if message.ref.account == self.account:  # type: ignore[attr-defined]
                    self._fold_order(message)

    def killed_for(self, strategy: str) -> KillLatched | None:
        """Return the latch that stops a strategy's orders, if any."""
        return self.killed.get(DESK) or self.killed.get(f"strategy/{strategy}")

    def order_of_intent(self, intent_id: str) -> life.Order | None:
        """Return the newest attempt of a place intent."""
        attempts = self.attempts.get(intent_id)
        return self.orders[attempts[-1]] if attempts else None

    def find(self, symbol: str, client_order_id: str, venue_order_id: str) -> life.Order | None:
        """Return the order that the venue means, by our id or by its own."""
        name = client_order_id if client_order_id in self.orders else ""
        name = name or self.venue_ids.get((symbol, venue_order_id), "")
        return self.orders.get(name)

    def living(self) -> list[life.Order]:
        """Return the orders that are not terminal."""
        return [order for order in self.orders.values() if not order.terminal]

    def doubtful(self) -> list[life.Order]:
        """Return the orders of which nobody knows whether the venue holds them."""
        return [order for order in self.orders.values() if order.phase in life.IN_DOUBT]

    def wished_away(self) -> list[life.Order]:
        """Return the living orders that somebody asked to cancel, also before they were known."""
        return [order for order in self.living() if self._unwanted(order)]

    def at_stake(self, symbol: str) -> Decimal:
        """Return the largest absolute position if all living orders of a symbol fill, base units."""
        buys = sells = ZERO
        for order in self.living():
            if order.placed is not None and order.placed.ref.symbol == symbol:
                if order.placed.side is Side.BUY:
                    buys += order.remaining
                else:
                    sells += order.remaining
        for intent in self.admitted.values():
            if intent.symbol == symbol:
                buys += intent.quantity if intent.side is Side.BUY else ZERO
                sells += intent.quantity if intent.side is Side.SELL else ZERO
        net = self.net.get(symbol, ZERO)
        return max(net + buys, sells - net)

    def witness(self, symbol: str) -> str:
        """Return our id of an order that the venue is known to hold or have held, or an empty text."""
        for order in reversed(self.orders.values()):
            if order.accepted is not None and order.accepted.ref.symbol == symbol:
                return order.client_order_id
        return ""

    def _unwanted(self, order: life.Order) -> bool:
        known = order.placed is not None and order.placed.ref.intent_id in self.tombstones
        return known or order.cancel_requested is not None

    def _judge(self, verdict: RiskApproved | RiskRefused) -> None:
        intent = verdict.place or verdict.cancel
        if intent is None or intent.account != self.account:
            return
        self.judged.add(verdict.intent_id)
        if isinstance(verdict, RiskApproved) and verdict.cancel is not None:
            self.tombstones.add(verdict.cancel.target_intent_id)

    def _fold_order(self, event: Message) -> None:
        if isinstance(event, Fill):
            self._book(event)
        ref = event.ref  # type: ignore[attr-defined]
        if not ref.client_order_id:
            return
        order = self.orders.get(ref.client_order_id) or life.begin(ref.client_order_id)
        self.orders[ref.client_order_id] = life.fold(order, event)  # type: ignore[arg-type]
        if isinstance(event, IntentPlaced):
            attempts = self.attempts.setdefault(ref.intent_id, [])
            if ref.client_order_id not in attempts:
                attempts.append(ref.client_order_id)
        if isinstance(event, Accepted | Canceled | Expired | Fill) and event.venue_order_id:
            self.venue_ids[ref.symbol, event.venue_order_id] = ref.client_order_id

    def _book(self, fill: Fill) -> None:
        symbol = fill.ref.symbol
        if (symbol, fill.trade_id) in self.trades:
            return
        self.trades.add((symbol, fill.trade_id))
        signed = fill.side.sign * fill.quantity
        self.net[symbol] = self.net.get(symbol, ZERO) + signed
