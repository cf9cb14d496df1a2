"""What the executor of one account knows: its orders, trades and latches, folded from the journal. Pure."""

from decimal import Decimal

from opensqt.domain import order_state
from opensqt.domain.account import (
    AccountEvent,
    BalanceChanged,
    Deposit,
    FundingPaid,
    PositionStated,
    VenueSnapshot,
)
from opensqt.domain.control import (
    AlertDelivery,
    CallAudited,
    DeskGeneration,
    KillLatched,
    LimitChanged,
    OrderedByHand,
    StrategyChange,
)
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.kills import Kills
from opensqt.domain.market import MarketEvent
from opensqt.domain.messages import Event, FeedEvent
from opensqt.domain.order_events import NeverPlaced, OrderEvent
from opensqt.domain.order_index import OrderIndex
from opensqt.domain.recon_events import (
    Adjustment,
    Discrepancy,
    VenueEvent,
)
from opensqt.domain.strategy_events import PositionAdopted, StrategyNote
from opensqt.domain.trading_controls import Switch, TradingControls, thrown
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused, Verdict
from opensqt.execution.bounded_set import BoundedSet

SETTLED_MAX = 20_000  # ended orders that late evidence may still name
REMEMBERED_MAX = 100_000
DISPROVED_MAX = 16  # orders called never placed that are asked for once more

_OfOthers = (
    MarketEvent | IntentConflict | VenueEvent | FeedEvent | DeskGeneration | LimitChanged
) | ((AlertDelivery | CallAudited | OrderedByHand | Discrepancy) | (StrategyNote | StrategyChange))


class ExecutionState:
    """The books of one account; every change comes through `fold`.

    Repeated facts change nothing, but for corrections: who folds must give each journal position of theirs once.
    """

    def __init__(self, account: str) -> None:
        self.account = account
        self.index = OrderIndex(trades_max=REMEMBERED_MAX, ended_max=SETTLED_MAX)
        # The journal guards verdicts for ever; these only spare the asking.
        self.judged: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)  # intents whose verdict is known
        self.tombstones: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)  # cancelled place intents
        self.income: BoundedSet[str] = BoundedSet(REMEMBERED_MAX)
        self.read_ms: dict[str, int] = {}  # symbol -> up to when a snapshot read all trades
        self.corrected: dict[str, Decimal] = {}  # how much of the net no trade of ours made
        self.prices: dict[str, Decimal] = {}  # of the newest fill of a symbol
        self.controls = TradingControls()
        self.wallets: set[str] = set()  # of which the journal knows with what they began
        self.income_ms = 0
        self.admitted: dict[str, PlaceIntent] = {}  # being committed now; they count as live
        self.disproved: BoundedSet[str] = BoundedSet(DISPROVED_MAX)

    @property
    def orders(self) -> dict[str, order_state.Order]:
        """All orders that are remembered, by our id."""
        return self.index.orders

    def fold(self, event: Event) -> None:
        """Take in one fact of the journal."""
        match event:
            case RiskApproved() | RiskRefused():
                _judge(self, event)
            case _ if isinstance(event, Switch):
                self.controls = thrown(self.controls, event, self.account)
            case _ if isinstance(event, OrderEvent):
                if event.ref.account == self.account:
                    self._fold_order(event)
            case _ if isinstance(event, AccountEvent):
                if event.account == self.account:
                    _hear_account(self, event)
            case Adjustment() | PositionAdopted():
                if event.account == self.account:
                    self.index.fold(event)
                    before = self.corrected.get(event.symbol, ZERO)
                    self.corrected[event.symbol] = before + event.quantity
            case _:
                _not_mine: _OfOthers = event

    @property
    def kills(self) -> Kills:
        """The kills in force, and those that are over."""
        return self.controls.kills

    def killed_for(self, strategy: str) -> KillLatched | None:
        """Return the latch that stops a strategy's orders, if any."""
        return self.controls.kill(strategy)

    def order_of_intent(self, intent_id: str) -> order_state.Order | None:
        """Return the newest attempt of a place intent."""
        return self.index.order_of_intent(intent_id)

    def find(
        self, symbol: str, client_order_id: str, venue_order_id: str
    ) -> order_state.Order | None:
        """Return the order that the venue means, by our id or by its own."""
        return self.index.find((self.account, symbol), client_order_id, venue_order_id)

    def knows_trade(self, symbol: str, trade_id: str) -> bool:
        """Tell whether a trade is in the journal, as far as is remembered."""
        return self.index.knows_trade((self.account, symbol, trade_id))

    def net(self, symbol: str) -> Decimal:
        """Return what our trades made of a symbol, as it was corrected, in signed base units."""
        return self.index.positions.net((self.account, symbol))

    def own(self, strategy: str, symbol: str) -> Decimal:
        """Return a strategy's part of the net, in signed base units."""
        return self.index.positions.own(strategy, (self.account, symbol))

    def living(self) -> list[order_state.Order]:
        """Return our orders that are not terminal."""
        return self.index.open.living()

    def queued(self, symbol: str, side: Side, strategy: str | None = None) -> Decimal:
        """Return what orders of a side, of one strategy or of all, may still fill or have filled unseen (base units).

        Admitted ones that are being committed count, too.
        """
        living = (*self.living(), *self.index.open.owed())
        placed = ((o.placed, o.remaining) for o in living if o.placed is not None)
        stakes = [(p.ref.symbol, p.side, p.ref.strategy, left) for p, left in placed]
        stakes += [(i.symbol, i.side, i.strategy, i.quantity) for i in self.admitted.values()]
        return sum(
            (
                left
                for *at, owner, left in stakes
                if at == [symbol, side] and strategy in (None, owner)
            ),
            ZERO,
        )

    def _fold_order(self, event: OrderEvent) -> None:
        for fill in self.index.fold(event).booked:
            self.prices[fill.ref.symbol] = fill.price
        if isinstance(event, NeverPlaced):
            self.disproved.add(event.ref.client_order_id)


def _hear_account(state: ExecutionState, event: AccountEvent) -> None:
    match event:
        case Deposit():
            state.wallets.add(event.wallet)
        case VenueSnapshot():
            state.wallets.update(balance.wallet for balance in event.balances)
            state.read_ms |= dict.fromkeys(event.symbols, event.started_ms)
        case FundingPaid():
            state.income.add(event.income_id)
            state.income_ms = max(state.income_ms, event.time_ms)
        case _:
            _not_mine: BalanceChanged | PositionStated = event


def _judge(state: ExecutionState, verdict: Verdict) -> None:
    intent = verdict.place or verdict.cancel
    if intent is None or intent.account != state.account:
        return
    state.judged.add(verdict.intent_id)
    if isinstance(verdict, RiskApproved) and verdict.cancel is not None:
        state.tombstones.add(verdict.cancel.target_intent_id)
