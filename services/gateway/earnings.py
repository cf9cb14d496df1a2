"""What was earned, as the page counts it: fees by asset, funding, and what each of the last hours changed. Pure.

It folds beside the books what they do not keep: who paid fees in which asset, and when a net changed. All figures are
made by the domain's one formula.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.ledger import Key, Ledger, Net
from opensqt.domain.order_events import Fill
from opensqt.domain.position import FLAT, Position
from opensqt.domain.profit import Booked, Charge, Earned, Place, Share, by_symbol

HOUR_MS = 3_600_000
HOURS = 24

Prices = Mapping[tuple[str, str], Decimal]
Charges = dict[Key, Charge]  # by strategy, venue, account, symbol, asset
Held = Mapping[Place, Decimal]


class EarningsChange(msgspec.Struct, kw_only=True):
    """What a span of time changed of one net: base units, quote units in and out, funding, fees."""

    fills: int = 0
    quantity: Decimal = ZERO
    cash: Decimal = ZERO
    funding: Decimal = ZERO
    charges: Charges = {}

    def add(self, other: "EarningsChange") -> None:
        """Take in what another span changed."""
        self.fills += other.fills
        self.quantity = EXACT.add(self.quantity, other.quantity)
        self.cash = EXACT.add(self.cash, other.cash)
        self.funding = EXACT.add(self.funding, other.funding)
        for charge in other.charges.values():
            _count(self.charges, charge)


IDLE = EarningsChange()


class EarningsSpan(msgspec.Struct, frozen=True, kw_only=True):
    """How often we traded from a moment on and what that earned; `unknown` symbols were held without a price."""

    begin_ms: int
    fills: int
    earned: tuple[Earned, ...]
    unknown: frozenset[str]


class Earnings:
    """Fees, funding assets and hourly changes of a desk, folded beside its books."""

    def __init__(self) -> None:
        self._charges: Charges = {}
        self._owners: dict[Key, str] = {}  # who pays the fee of a fill, as far as is known
        self._funded: dict[Place, set[str]] = {}
        self._nets: dict[Place, Share] = {}
        self._hours: dict[int, dict[Place, EarningsChange]] = {}

    def fill(self, key: Key, fill: Fill) -> None:
        """Take in a fill, and once more when its owner becomes known."""
        owner = fill.ref.strategy
        if key not in self._owners:
            change = self._change(_place(key), fill.time_ms)
            change.fills += 1
            _count(change.charges, _charge(fill, ""))
        elif owner != self._owners[key]:
            _count(self._charges, _charge(fill, self._owners[key], -1))
        else:
            return
        self._owners[key] = owner
        _count(self._charges, _charge(fill, owner))

    def funding(self, place: Place, asset: str) -> None:
        """Remember in which asset funding of a symbol was paid."""
        self._funded.setdefault(place, set()).add(asset)

    def net(self, key: Key, net: Net, time_ms: int) -> None:
        """Take in what a net is now, changed at a market time."""
        place = _place(key)
        was, now = self._nets.get(place, _share(place, FLAT)), _share(place, net.position)
        self._nets[place] = now
        self._change(place, time_ms).add(
            EarningsChange(
                quantity=EXACT.subtract(now.quantity, was.quantity),
                cash=EXACT.subtract(_cash(now), _cash(was)),
                funding=EXACT.subtract(now.funding, was.funding),
            )
        )

    def booked(self, books: Ledger, prices: Prices) -> Booked:
        """Return everything that is booked, at these prices."""
        holdings = (
            _share(_place(key[1:]), held, key[0]) for key, held in sorted(books.holdings.items())
        )
        return self._booked(self._nets.values(), self._charges.values(), prices, holdings)

    def hours(
        self, now_ms: int, prices: Prices, opening: Callable[[int], Prices]
    ) -> tuple[list[EarningsSpan], EarningsSpan]:
        """Return the last 24 hours, oldest first, and all of them as one: how the total changed from begin to end."""
        newest_ms = max([now_ms - now_ms % HOUR_MS, *self._hours])
        ended = {place: share.quantity for place, share in self._nets.items()}
        now, last = ended, prices
        whole: dict[Place, EarningsChange] = {}
        found = []
        for back in range(HOURS):
            begin_ms = newest_ms - back * HOUR_MS
            changes, first = self._hours.get(begin_ms, {}), opening(begin_ms)
            begun = dict(ended)
            for place, change in changes.items():
                begun[place] = EXACT.subtract(ended.get(place, ZERO), change.quantity)
                whole.setdefault(place, EarningsChange()).add(change)
            found.append(self._span(begin_ms, changes, (begun, first), (ended, last), prices))
            ended, last = begun, first
        begun_day, begin_ms = (ended, last), newest_ms - (HOURS - 1) * HOUR_MS
        return found[::-1], self._span(begin_ms, whole, begun_day, (now, prices), prices)

    def _span(
        self,
        begin_ms: int,
        changes: Mapping[Place, EarningsChange],
        begin: tuple[Held, Prices],
        end: tuple[Held, Prices],
        now: Prices,
    ) -> EarningsSpan:
        """Count a span as if what it began with had been bought at the price of that moment."""
        shares, unknown = [], set()
        for place in sorted({*begin[0], *end[0], *changes}):
            venue, account, symbol = place
            before, after = (held.get(place, ZERO) for held, _ in (begin, end))
            first, last = (prices.get((venue, symbol)) for _, prices in (begin, end))
            if before == after == 0 and place not in changes:
                continue
            if (before != 0 and first is None) or (after != 0 and last is None):
                unknown.add(symbol)
            change = changes.get(place, IDLE)
            shares.append(
                Share(
                    venue=venue,
                    account=account,
                    symbol=symbol,
                    quantity=after,
                    cost=EXACT.multiply(before, first or ZERO),
                    realized_pnl=change.cash,
                    funding=change.funding,
                )
            )
        charges = [one for change in changes.values() for one in change.charges.values()]
        # A fee in a third asset counts at today's price where that of its hour was not heard.
        booked = self._booked(shares, charges, {**now, **end[1]})
        return EarningsSpan(
            begin_ms=begin_ms,
            fills=sum(change.fills for change in changes.values()),
            earned=tuple(by_symbol(booked)),
            unknown=frozenset(unknown),
        )

    def _booked(
        self,
        nets: Iterable[Share],
        charges: Iterable[Charge],
        prices: Prices,
        holdings: Iterable[Share] = (),
    ) -> Booked:
        return Booked(
            nets=tuple(nets),
            holdings=tuple(holdings),
            charges=tuple(charges),
            funded=self._funded,
            prices=prices,
        )

    def _change(self, place: Place, time_ms: int) -> EarningsChange:
        hour = self._hours.setdefault(time_ms - time_ms % HOUR_MS, {})
        newest_ms = max(self._hours)
        for old in [ms for ms in self._hours if ms <= newest_ms - HOURS * HOUR_MS]:
            del self._hours[old]
        return hour.setdefault(place, EarningsChange())


def _count(charges: Charges, charge: Charge) -> None:
    if charge.fee == 0:
        return
    key = (charge.strategy, *charge.place, charge.fee_asset)
    known = charges.get(key)
    if known is not None:
        charge = msgspec.structs.replace(
            known,
            fee=EXACT.add(known.fee, charge.fee),
            fee_at_price=EXACT.add(known.fee_at_price, charge.fee_at_price),
        )
    charges[key] = charge


def _charge(fill: Fill, strategy: str, sign: int = 1) -> Charge:
    return Charge(
        venue=fill.ref.venue,
        account=fill.ref.account,
        symbol=fill.ref.symbol,
        strategy=strategy,
        fee_asset=fill.fee_asset,
        fee=EXACT.multiply(sign, fill.fee),
        fee_at_price=EXACT.multiply(EXACT.multiply(sign, fill.fee), fill.price),
    )


def _place(key: Key) -> Place:
    venue, account, symbol, *_ = key
    return venue, account, symbol


def _share(place: Place, held: Position, strategy: str = "") -> Share:
    venue, account, symbol = place
    return Share(
        venue=venue,
        account=account,
        symbol=symbol,
        strategy=strategy,
        quantity=held.quantity,
        cost=held.cost,
        realized_pnl=held.realized_pnl,
        funding=held.funding,
        round_trips=held.round_trips,
    )


def _cash(share: Share) -> Decimal:
    """Return the quote units that all trades of a net brought: exact at every moment."""
    return EXACT.subtract(share.realized_pnl, share.cost)
