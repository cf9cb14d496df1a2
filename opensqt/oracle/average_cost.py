"""What is held at average cost, by the judge's own arithmetic. Runs under the precision that its caller sets."""

from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

NOTHING = Decimal(0)
COST_DIGITS = Decimal("0.000000000000000001")  # quote units; what a part of a cost is rounded to
PRICE_DIGITS = Decimal("0.000000000001")  # quote units; what an entry price is rounded to


class AverageCost(msgspec.Struct, kw_only=True):
    """Signed base units, what they cost, and what was earned by giving some up."""

    quantity: Decimal = NOTHING  # base units
    cost: Decimal = NOTHING  # quote units
    realized: Decimal = NOTHING  # quote units
    funding: Decimal = NOTHING  # quote units
    fees: Decimal = NOTHING  # quote units
    last_price: Decimal = NOTHING
    trades: int = 0

    @property
    def entry_price(self) -> Decimal:
        """Quote units for one that is held; 0 when flat."""
        return rounded(self.cost / self.quantity, PRICE_DIGITS) if self.quantity else NOTHING

    def numbers(self) -> tuple[Decimal, ...]:
        """Return what every row of a position begins with."""
        return self.quantity, self.entry_price, self.realized, self.funding

    def add(self, quantity: Decimal, price: Decimal) -> None:
        """Take in signed units at a price: first what closes, then what opens."""
        closing = NOTHING
        if self.quantity * quantity < 0:
            smaller = min(abs(self.quantity), abs(quantity))
            closing = smaller.copy_sign(quantity)
        if closing:
            is_all = closing == -self.quantity
            share = self.cost * -closing / self.quantity
            given_up = self.cost if is_all else rounded(share, COST_DIGITS)
            self.realized += -closing * price - given_up
            self.cost -= given_up
        self.cost += (quantity - closing) * price
        self.quantity += quantity


def rounded(number: Decimal, digits: Decimal) -> Decimal:
    """Return a number rounded half to even."""
    return number.quantize(digits, rounding=ROUND_HALF_EVEN)


def shares(amount: Decimal, held: dict[str, Decimal]) -> dict[str, Decimal]:
    """Divide an amount by signed holdings; the last owner by name gets what rounding leaves."""
    owners = sorted(name for name, quantity in held.items() if quantity)
    whole = sum((held[name] for name in owners), NOTHING)
    if not whole:
        return {}
    parts = {name: rounded(amount * held[name] / whole, COST_DIGITS) for name in owners[:-1]}
    parts[owners[-1]] = amount - sum(parts.values(), NOTHING)
    return parts
