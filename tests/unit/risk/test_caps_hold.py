"""No set of orders that the gate approved breaks a cap, however approvals, fills, closes and ends come to lie.

The books of the gate are compared with a count that looks at every order, as often as anything happens.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from opensqt.domain.instruments import Side, base_asset
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.domain.order_events import Canceled, IntentPlaced, OrderRef
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import judge
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, fill, intent, rules, tick

# All at one price, so that only quantities move: 0.010 is worth 500.
PLACES = (
    ("binance", "main", "BTC/USDT:USDT"),
    ("binance", "main", "BTC/USDT"),
    ("bybit", "second", "BTC/USDT:USDT"),
    ("bybit", "second", "ETH/USDT:USDT"),
)
STRATEGIES = ("grid", "carry")
PRICE = Decimal(50_000)
UNIT = Decimal("0.010")
CAPS = msgspec.structs.replace(
    LIMITS,
    order_notional_quote_max=Decimal(2000),
    position_notional_quote_max=Decimal(100_000),
    open_orders_max=1000,
    price_collar_bps=Decimal(100),
    exposure_notional_quote_max=Decimal(3000),
    asset_notional_quote_max=Decimal(2000),
)


class Gate(RuleBasedStateMachine):
    """A gate, what it approved, and what became of that at the venues."""

    def __init__(self) -> None:
        super().__init__()
        self.books = RiskState()
        self.number = 0
        self.approved: list[PlaceIntent] = []  # on the way
        self.placed: dict[str, PlaceIntent] = {}
        self.filled: defaultdict[str, Decimal] = defaultdict(Decimal)
        self.held: defaultdict[tuple[str, tuple[str, str, str]], Decimal] = defaultdict(Decimal)
        for venue, _, symbol in PLACES:
            self.books.fold(msgspec.structs.replace(rules(), venue=venue, symbol=symbol))
            seen = {"bid_price": PRICE, "ask_price": PRICE}
            self.books.fold(msgspec.structs.replace(tick(), venue=venue, symbol=symbol, **seen))

    @rule(
        place=st.sampled_from(PLACES),
        strategy=st.sampled_from(STRATEGIES),
        side=st.sampled_from(list(Side)),
        purpose=st.sampled_from(list(Purpose)),
        units=st.integers(1, 4),
    )
    def wish(
        self,
        place: tuple[str, str, str],
        strategy: str,
        side: Side,
        purpose: Purpose,
        units: int,
    ) -> None:
        """A strategy asks; orders of both sides rest far enough apart never to meet."""
        self._ask(place, strategy, side, purpose, UNIT * units)

    @rule(place=st.sampled_from(PLACES), strategy=st.sampled_from(STRATEGIES))
    def leave(self, place: tuple[str, str, str], strategy: str) -> None:
        """A strategy closes all that it holds, which no cap refuses."""
        held = self.held[strategy, place]
        if held:
            side = Side.SELL if held > 0 else Side.BUY
            self._ask(place, strategy, side, Purpose.CLOSE, abs(held))

    @precondition(lambda self: bool(self.approved))
    @rule(which=st.integers(0, 50))
    def place(self, which: int) -> None:
        """An executor takes one of the commands."""
        wish = self.approved.pop(which % len(self.approved))
        self.placed[wish.intent_id] = wish
        told = {name: getattr(wish, name) for name in ("side", "type", "time_in_force", "price")}
        self.books.fold(
            IntentPlaced(
                ref=_ref(wish),
                slot="x",
                cycle=1,
                quantity=wish.quantity,
                purpose=wish.purpose,
                reduce_only=False,
                valid_until_ms=NOW_MS,
                time_ms=NOW_MS,
                **told,
            )
        )

    @rule(side=st.sampled_from(list(Side)))
    def rush(self, side: Side) -> None:
        """The market runs through all orders of one side."""
        while self.approved:
            self.place(0)
        for number, wish in enumerate(self.placed.values()):
            if wish.side is side:
                self.trade(number, whole=True)

    @precondition(lambda self: bool(self.placed))
    @rule(which=st.integers(0, 50), whole=st.booleans())
    def trade(self, which: int, *, whole: bool) -> None:
        """Some of an order fills, or all that is left."""
        wish = self._one(which)
        left = wish.quantity - self.filled[wish.intent_id]
        quantity = left if whole else min(left, UNIT)
        if quantity <= 0:
            return
        self.number += 1
        self.filled[wish.intent_id] += quantity
        place = (wish.venue, wish.account, wish.symbol)
        self.held[wish.strategy, place] += wish.side.sign * quantity
        made = fill("", wish.side, str(quantity))
        told = {"trade_id": str(self.number), "price": PRICE, "fee": Decimal(0)}
        self.books.fold(msgspec.structs.replace(made, ref=_ref(wish), **told))

    @precondition(lambda self: bool(self.placed))
    @rule(which=st.integers(0, 50))
    def cancel(self, which: int) -> None:
        """An order ends with what it has."""
        wish = self._one(which)
        del self.placed[wish.intent_id]
        self.books.fold(
            Canceled(
                ref=_ref(wish),
                venue_order_id="",
                filled_quantity=self.filled[wish.intent_id],
                reason="asked",
                evidence_hash="",
                time_ms=NOW_MS,
            )
        )

    @invariant()
    def no_cap_is_broken(self) -> None:
        """What is held now, whatever was approved and has filled: the desk, and each asset on either side."""
        nets: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
        for (_, place), quantity in self.held.items():
            nets[place] += quantity
        assert sum(map(abs, nets.values()), Decimal(0)) * PRICE <= 3000
        for side in Side:
            by_asset: defaultdict[str, Decimal] = defaultdict(Decimal)
            for (_, _, symbol), net in nets.items():
                by_asset[base_asset(symbol)] += max(side.sign * net, Decimal(0))
            assert all(long * PRICE <= 2000 for long in by_asset.values())

    @invariant()
    def books_are_a_count_of_every_order(self) -> None:
        """What is summed up and remembered is what a look at every order finds."""
        for place in PLACES:
            here = self.books.stakes_at(place[1:])
            at_work = [(w, w.quantity) for w in self.approved]
            at_work += [(w, w.quantity - self.filled[i]) for i, w in self.placed.items()]
            at_work = [(w, left) for w, left in at_work if (w.venue, w.account, w.symbol) == place]
            for side in Side:
                open_ = _whole(left for wish, left in at_work if wish.side is side)
                assert here.sides[side].open == open_
            assert here.orders == len([left for _, left in at_work if left])

    def _ask(
        self,
        place: tuple[str, str, str],
        strategy: str,
        side: Side,
        purpose: Purpose,
        quantity: Decimal,
    ) -> None:
        self.number += 1
        wish = intent(
            intent_id=f"i{self.number}",
            strategy=strategy,
            venue=place[0],
            account=place[1],
            symbol=place[2],
            side=side,
            purpose=purpose,
            quantity=quantity,
            price=PRICE - side.sign * 10,
        )
        verdict = judge(self.books, wish, CAPS, SEAT, NOW_MS).verdict
        if isinstance(verdict, RiskApproved):
            self.books.reserve(verdict)
            self.approved.append(wish)
        elif isinstance(verdict, RiskRefused):
            self.books.fold(verdict)

    def _one(self, which: int) -> PlaceIntent:
        return list(self.placed.values())[which % len(self.placed)]


def _whole(quantities: Iterable[Decimal]) -> Decimal:
    return sum(quantities, Decimal(0))


def _ref(wish: PlaceIntent) -> OrderRef:
    return OrderRef(
        client_order_id=f"q{wish.intent_id}",
        intent_id=wish.intent_id,
        attempt=1,
        strategy=wish.strategy,
        venue=wish.venue,
        account=wish.account,
        symbol=wish.symbol,
    )


@pytest.mark.row("I12", "K14")
def test_no_approved_set_breaks_a_cap_of_the_desk() -> None:
    """Two hundred stories of fifty steps."""
    run_state_machine_as_test(
        Gate, settings=settings(max_examples=200, stateful_step_count=50, deadline=None)
    )
