"""What each strategy earned, and what nobody's trades did: pure counting, the one formula of all who show money.

The row of `NOBODY` is what the account's net has and no strategy accounts for, so that the rows of a symbol add up to
its net to the last digit. A round trip is an order that closes what another one opened - a level of a grid, a leg of
a carry - and was filled whole, in however many trades. A spot fee in the base asset counts at the price of its trade,
fees and funding in a third asset at that asset's mark; while a mark is unknown, what depends on it is None.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TypeVar

import msgspec

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import quote_asset
from opensqt.domain.ledger_wallet import assets_of

NOBODY = "nobody"
Place = tuple[str, str, str]  # venue, account, symbol


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one owner, or the net of all (`strategy` empty), holds of a symbol and has booked, in quote units."""

    venue: str
    account: str
    symbol: str
    strategy: str = ""
    quantity: Decimal = ZERO  # base units
    cost: Decimal = ZERO
    realized_pnl: Decimal = ZERO  # before fees and funding
    funding: Decimal = ZERO  # in the assets that `Booked.funded` names
    round_trips: int = 0

    @property
    def place(self) -> Place:
        """Return where this is held."""
        return self.venue, self.account, self.symbol


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """The fees that an owner paid in one asset for trades of one symbol."""

    venue: str
    account: str
    symbol: str
    strategy: str
    fee_asset: str
    fee: Decimal
    fee_at_price: Decimal  # each fee times the price of its trade, summed

    @property
    def place(self) -> Place:
        """Return where these fees were paid."""
        return self.venue, self.account, self.symbol


_Row = TypeVar("_Row", Share, Charge)


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is booked, and what it is worth now."""

    nets: tuple[Share, ...]
    holdings: tuple[Share, ...]
    charges: tuple[Charge, ...]
    funded: Mapping[Place, Collection[str]]  # in which assets funding was paid
    prices: Mapping[tuple[str, str], Decimal]  # mark by venue and symbol


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What one owner earned in one symbol, in quote units; None while a price of the `unpriced` assets is unknown."""

    strategy: str
    venue: str
    account: str
    symbol: str
    quantity: Decimal
    cost_basis: Decimal
    mark_price: Decimal | None
    round_trips: int
    realized_pnl: Decimal
    fees: Decimal | None
    funding: Decimal | None
    unrealized_pnl: Decimal | None
    net_pnl: Decimal | None
    unpriced: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """Return where this was earned."""
        return self.venue, self.account, self.symbol

    @property
    def quote(self) -> str:
        """Return the asset in which this is counted."""
        return quote_asset(self.symbol)


def by_symbol(booked: Booked) -> list[Earned]:
    """Return a row for the net of each symbol."""
    charges = _by_place(booked.charges)
    return [
        _earned("", net, charges[net.place], booked)
        for net in sorted(booked.nets, key=lambda net: net.place)
    ]


def by_strategy(booked: Booked) -> list[Earned]:
    """Return a row for each strategy and symbol, and one of nobody where something is left over."""
    all_charges, holdings = _by_place(booked.charges), _by_place(booked.holdings)
    found = []
    for net in booked.nets:
        owners = [one for one in holdings[net.place] if one.strategy]
        charges = all_charges[net.place]
        rest = _rest(net, owners)
        left = any((rest.quantity, rest.cost, rest.realized_pnl, rest.funding))
        parts = [*owners]
        if left or any(one.strategy == "" and one.fee for one in charges):
            parts.append(rest)
        for part in parts:
            mine = [one for one in charges if one.strategy == part.strategy]
            found.append(_earned(part.strategy or NOBODY, part, mine, booked))
    return sorted(found, key=lambda row: (row.strategy, row.venue, row.account, row.symbol))


def fees_of(charges: Iterable[Charge], booked: Booked) -> tuple[Decimal, set[str]]:
    """Return what was paid, in quote units, and the assets whose fees are not in it because no price is known."""
    paid, unpriced = ZERO, set()
    for one in charges:
        if one.fee != 0 and one.fee_asset == assets_of(one.symbol)[0]:
            paid = EXACT.add(paid, one.fee_at_price)
            continue
        worth = _worth(one.fee, one.fee_asset, one.place, booked)
        if worth is None:
            unpriced.add(one.fee_asset)
        else:
            paid = EXACT.add(paid, worth)
    return paid, unpriced


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Sum amounts of one asset; None when one of them is unknown."""
    whole = ZERO
    for amount in amounts:
        if amount is None:
            return None
        whole = EXACT.add(whole, amount)
    return whole


def _by_place(rows: Iterable[_Row]) -> defaultdict[Place, list[_Row]]:
    found: defaultdict[Place, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row.place].append(row)
    return found


def _rest(net: Share, owners: list[Share]) -> Share:
    """Return the net without what the owners hold; what is netted away between them is no result of anybody."""
    left = {"quantity": net.quantity, "cost": net.cost}
    left |= {"realized_pnl": net.realized_pnl, "funding": net.funding}
    for owner in owners:
        left = {name: EXACT.subtract(left[name], getattr(owner, name)) for name in left}
    if left["quantity"] == 0:
        left["realized_pnl"] = EXACT.subtract(left["realized_pnl"], left["cost"])
        left["cost"] = ZERO
    return msgspec.structs.replace(net, round_trips=0, **left)


def _earned(strategy: str, part: Share, charges: Iterable[Charge], booked: Booked) -> Earned:
    mark = booked.prices.get((part.venue, part.symbol))
    paid, unpriced = fees_of(charges, booked)
    fees = None if unpriced else paid
    funding, unvalued = _funding(part, booked)
    unrealized = _unrealized(part, mark)
    net = total(
        (part.realized_pnl, funding, unrealized, None if fees is None else EXACT.minus(fees))
    )
    return Earned(
        strategy=strategy,
        venue=part.venue,
        account=part.account,
        symbol=part.symbol,
        quantity=part.quantity,
        cost_basis=part.cost,
        mark_price=mark,
        round_trips=part.round_trips,
        realized_pnl=part.realized_pnl,
        fees=fees,
        funding=funding,
        unrealized_pnl=unrealized,
        net_pnl=net,
        unpriced=tuple(sorted(unpriced | unvalued)),
    )


def _funding(part: Share, booked: Booked) -> tuple[Decimal | None, set[str]]:
    """Value funding; what came in several assets was booked as one number, and is unknown."""
    if part.funding == 0:
        return ZERO, set()
    assets = set(booked.funded.get(part.place, ()))
    if len(assets) == 1:
        (asset,) = assets
        worth = _worth(part.funding, asset, part.place, booked)
        return worth, {asset} if worth is None else set()
    return None, assets


def _unrealized(part: Share, mark: Decimal | None) -> Decimal | None:
    if part.quantity == 0:
        return EXACT.subtract(ZERO, part.cost)
    return None if mark is None else EXACT.subtract(EXACT.multiply(part.quantity, mark), part.cost)


def _worth(amount: Decimal, asset: str, place: Place, booked: Booked) -> Decimal | None:
    """Return an amount of an asset in the quote units of a symbol; None while no price of the asset is known."""
    venue, _, symbol = place
    base, quote, settle = assets_of(symbol)
    if amount == 0 or asset == quote or asset == settle != base:
        return amount
    price = booked.prices.get((venue, f"{asset}/{quote}"))
    return None if price is None else EXACT.multiply(amount, price)
