"""What a venue does to an account by itself: funding that it books, and a position that it moves without any trade."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from opensqt.domain.account import FundingPaid
from opensqt.domain.recon_events import Adjustment, Discrepancy, DiscrepancyKind, Halted
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.incidents import move_position, pay_funding

RATE = Decimal("0.0001")  # of the notional, each time
STEP = Decimal("0.001")  # base units that a position loses
OWN_HALT = "strategy/carry"  # a carry stops itself over a leg that stands alone
HELD_MIN = Decimal("0.03")  # base units: less would be a loss of another kind


def pay(exchange: RiggedExchange, symbols: tuple[str, ...], count: int) -> None:
    """Book funding on every perpetual that is held; an odd count is received by who is long."""
    for symbol in symbols:
        if ":" in symbol and exchange.price(symbol):
            pay_funding(exchange, symbol, RATE * (count if count % 2 == 0 else -count))


def take_away(exchange: RiggedExchange, symbol: str) -> Decimal:
    """Let a position shrink by one step, without a trade; return by how much it moved."""
    held = exchange.position(symbol).quantity
    if abs(held) < HELD_MIN:
        return Decimal(0)
    moved = -STEP if held > 0 else STEP
    move_position(exchange, symbol, moved)
    return moved


class Losses:
    """What of that the journal has: the gap of a symbol, and each payment once."""

    def __init__(self) -> None:
        self.moved: dict[str, Decimal] = {}  # by the venue; it stays when a journal goes back
        self.adjusted: dict[str, Decimal] = {}
        self.paid: dict[str, FundingPaid] = {}
        self.halted: set[str] = set()  # symbols that the reconciler stopped for their gap

    def forget(self) -> None:
        """Forget what a restored journal has forgotten."""
        self.adjusted.clear()
        self.paid.clear()
        self.halted.clear()

    def lose(self, symbol: str, moved: Decimal) -> None:
        """Note that the venue moved a position."""
        if not moved:
            return
        self.moved[symbol] = self.moved.get(symbol, Decimal(0)) + moved

    def gap(self, symbol: str) -> Decimal:
        """Return by how much the venue holds more than trades and adjustments make."""
        return self.moved.get(symbol, Decimal(0)) - self.adjusted.get(symbol, Decimal(0))

    def explain(self, fact: Any, blame: Callable[[str, str], None]) -> bool:
        """Tell whether a fact of the reconciler or of the venue's income is in order: this is what was done to us."""
        match fact:
            case Adjustment():
                self._adjust(fact, blame)
            case FundingPaid():
                if fact.income_id in self.paid:
                    blame("funding is booked once", f"{fact.income_id} of {fact.symbol}")
                self.paid[fact.income_id] = fact
            case Discrepancy():
                return fact.kind is DiscrepancyKind.POSITION and bool(self.gap(fact.symbol))
            case Halted(scope=scope) if scope == OWN_HALT:
                return True
            case Halted():
                symbol = fact.scope.rpartition("main/")[2]
                if self.gap(symbol):
                    self.halted.add(symbol)
                return symbol in self.halted
            case _:
                return False
        return True

    def _adjust(self, fact: Adjustment, blame: Callable[[str, str], None]) -> None:
        """Judge an adjustment: it is what was lost, or takes back all that was adjusted before."""
        before = self.adjusted.get(fact.symbol, Decimal(0))
        if fact.quantity not in {self.gap(fact.symbol), -before} or not fact.quantity:
            lost = self.gap(fact.symbol)
            blame(
                "an adjustment is what was lost", f"{fact.quantity} of {fact.symbol}, lost {lost}"
            )
        self.adjusted[fact.symbol] = before + fact.quantity
