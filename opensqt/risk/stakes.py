"""What live orders and approvals may still fill, by place and owner, and what each place comes to at worst. Pure.

A place is summed up when somebody asks and remembered until something changes there: an intent is judged without
looking at every order of the desk.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import OrderType, PlaceIntent, Purpose
from opensqt.domain.order_events import IntentPlaced
from opensqt.domain.order_state import Order
from opensqt.domain.owned_positions import OwnedPositions, Place


class Stake(NamedTuple):
    """What one order may still fill, in base units."""

    strategy: str
    side: Side
    quantity: Decimal
    type: OrderType
    price: Decimal
    purpose: Purpose


class AtWork(NamedTuple):
    """What the live orders of one owner on one side may fill, in base units."""

    closing: Decimal = ZERO
    opening: Decimal = ZERO

    def worst(self, held: Decimal) -> Decimal:
        """Return how much the owner holds of a side if all fill; `held` is its position, positive on that side.

        A position against them makes no room: it may be closed before the openings fill.
        """
        return max(held + self.closing + self.opening, self.opening, ZERO)


IDLE = AtWork()


class SideStakes(NamedTuple):
    """One side of a place: what its live orders may fill, its best limit price, what its owners hold at worst."""

    open: Decimal
    notional: Decimal  # of the limit orders, in the quote asset
    best: Decimal | None
    at_work: dict[str, AtWork]  # by owner
    worst: dict[str, Decimal]  # by owner
    worst_of_all: Decimal


class PlaceStakes(NamedTuple):
    """Both sides of a place, and how many orders are live or approved there."""

    sides: dict[Side, SideStakes]
    orders: int
    worst: (
        Decimal  # the most that may be held here, long or short, whoever closes and whatever fills
    )


class _Line:
    """One side of a place as it changes: sums that are exact, so that what comes and goes leaves nothing behind."""

    __slots__ = ("closing", "notional", "opening", "prices")

    def __init__(self) -> None:
        self.closing: dict[str, Decimal] = {}  # by owner
        self.opening: dict[str, Decimal] = {}
        self.notional = ZERO
        self.prices: dict[str, Decimal] = {}  # of limit orders, by name

    def add(self, name: str, stake: Stake) -> None:
        """Count an order."""
        self._move(stake, stake.quantity)
        if stake.type is OrderType.LIMIT:
            self.prices[name] = stake.price

    def remove(self, name: str, stake: Stake) -> None:
        """Count an order no more."""
        self._move(stake, -stake.quantity)
        self.prices.pop(name, None)

    def _move(self, stake: Stake, quantity: Decimal) -> None:
        sums = self.closing if stake.purpose is Purpose.CLOSE else self.opening
        after = EXACT.add(sums.get(stake.strategy, ZERO), quantity)
        if after:
            sums[stake.strategy] = after
        else:
            sums.pop(stake.strategy, None)
        self.notional = EXACT.add(self.notional, EXACT.multiply(quantity, stake.price))


class _Place:
    """What is at work in a place."""

    __slots__ = ("lines", "stakes")

    def __init__(self) -> None:
        self.stakes: dict[str, Stake] = {}
        self.lines = {Side.BUY: _Line(), Side.SELL: _Line()}

    def put(self, name: str, stake: Stake | None) -> int:
        """Take in what an order may still fill, None for nothing; return by how many there are more now."""
        known = self.stakes.pop(name, None)
        if known is not None:
            self.lines[known.side].remove(name, known)
        if stake is not None:
            self.stakes[name] = stake
            self.lines[stake.side].add(name, stake)
        return (stake is not None) - (known is not None)


class Stakes:
    """The stakes of a desk, by name of the order or approval."""

    def __init__(self, positions: OwnedPositions) -> None:
        self._positions = positions
        self._living: dict[Place, _Place] = {}
        self._known: dict[Place, PlaceStakes] = {}
        self._counts: defaultdict[str, int] = defaultdict(int)

    @property
    def places(self) -> Iterable[Place]:
        """Every place where something ever was at stake."""
        return self._living.keys()

    def file(self, order: Order) -> None:
        """Take in the newest evidence of an order; what cannot fill any more is dropped."""
        if order.placed is not None:
            ref, stake = order.placed.ref, None if order.terminal else _stake(order, order.placed)
            self._put((ref.account, ref.symbol), order.client_order_id, stake)

    def approve(self, intent: PlaceIntent) -> None:
        """Count an approved intent as if its order were there."""
        wished = intent.strategy, intent.side, intent.quantity, intent.type
        stake = Stake(*wished, intent.price, intent.purpose)
        self._put((intent.account, intent.symbol), intent.intent_id, stake)

    def drop(self, intent: PlaceIntent) -> None:
        """Forget an approval: its order is there, or can no longer come."""
        self._put((intent.account, intent.symbol), intent.intent_id, None)

    def changed(self, place: Place) -> None:
        """Sum a place up anew when it is asked for: somebody holds more or less there."""
        if place not in self._living:
            self._living[place] = _Place()
        self._known.pop(place, None)

    def count(self, account: str) -> int:
        """Return how many orders of an account are live or approved."""
        return self._counts[account]

    def at(self, place: Place, owed: Callable[[], Iterable[Order]]) -> PlaceStakes:
        """Return what is at stake in a place; of `owed` orders, which ended, fills may still come."""
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = self._summed(place, owed())
        return known

    def _put(self, place: Place, name: str, stake: Stake | None) -> None:
        self.changed(place)
        self._counts[place[0]] += self._living[place].put(name, stake)

    def _summed(self, place: Place, owed: Iterable[Order]) -> PlaceStakes:
        living = self._living.get(place) or _Place()
        due = [
            _stake(one, one.placed)
            for one in owed
            if one.placed is not None and _place(one.placed) == place
        ]
        held = {
            who: units for (who, where), units in self._positions.owned.items() if where == place
        }
        buys = _side(living.lines[Side.BUY], due, held, Side.BUY)
        sells = _side(living.lines[Side.SELL], due, held, Side.SELL)
        worst = max(buys.worst_of_all, sells.worst_of_all)
        return PlaceStakes({Side.BUY: buys, Side.SELL: sells}, len(living.stakes), worst)


def _side(line: _Line, due: list[Stake], held: dict[str, Decimal], side: Side) -> SideStakes:
    at_work = {
        who: AtWork(line.closing.get(who, ZERO), line.opening.get(who, ZERO))
        for who in (*line.closing, *line.opening)
    }
    for stake in due:
        if stake.side is side:
            closing, opening = at_work.get(stake.strategy, IDLE)
            closes = stake.purpose is Purpose.CLOSE
            at_work[stake.strategy] = AtWork(
                closing + stake.quantity if closes else closing,
                opening if closes else opening + stake.quantity,
            )
    worst = {who: one.worst(side.sign * held.get(who, ZERO)) for who, one in at_work.items()}
    for who, units in held.items():
        if who not in worst:
            worst[who] = max(side.sign * units, ZERO)
    prices = line.prices.values()
    return SideStakes(
        open=sum([one.closing + one.opening for one in at_work.values()], ZERO),
        notional=line.notional,
        best=(max if side is Side.BUY else min)(prices, default=None),
        at_work=at_work,
        worst=worst,
        worst_of_all=sum(worst.values(), ZERO),
    )


def _stake(order: Order, placed: IntentPlaced) -> Stake:
    told = placed.ref.strategy, placed.side, order.remaining, placed.type
    return Stake(*told, placed.price, placed.purpose)


def _place(placed: IntentPlaced) -> Place:
    return placed.ref.account, placed.ref.symbol
