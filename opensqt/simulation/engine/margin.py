"""Whether an account can pay for an order: free spot balance, or initial margin on mark for perps. Pure judgement."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import OrderType
from opensqt.simulation.engine.book import MergedBook
from opensqt.simulation.engine.orders import OrderRefusal, Reason, VenueOrder
from opensqt.simulation.engine.settlement import Settlement, wallet_of
from opensqt.simulation.engine.wallets import spot_claim

MAINTENANCE = Decimal("0.005")  # of a position, from memory: the first tier of large perpetuals
OpenOrders = Mapping[tuple[str, str], Mapping[int, VenueOrder]]


def refuse_unfunded(
    order: VenueOrder,
    rules: InstrumentRules,
    settlement: Settlement,
    book: MergedBook,
    open_orders: OpenOrders,
) -> None:
    """Raise `OrderRefusal` when the account cannot pay, or a reduce-only order would not reduce."""
    if order.market is Market.SPOT:
        _refuse_spot(order, rules, settlement, book, open_orders)
    else:
        _refuse_perp(order, settlement, book, open_orders)


def maintenance_share(settlement: Settlement, account: str) -> Decimal:
    """Return the maintenance margin of all positions as a share of what the account is worth at marks; 0 if flat."""
    owner, marks = settlement.accounts[account], settlement.marks
    needed, worth = ZERO, ZERO
    for asset, wallet in owner.wallets.items():
        worth += owner.holding(asset).total + wallet.unrealized(marks)
        for coin, held in owner.spot.items():
            worth += EXACT.multiply(held.total, marks.get(f"{coin}/{asset}:{asset}", ZERO))
        for symbol, position in wallet.positions.items():
            needed += EXACT.multiply(abs(position.quantity), marks[symbol]) * MAINTENANCE
    if needed == 0:
        return ZERO
    return EXACT.divide(needed, worth) if worth > 0 else ONE


def perp_orders(
    account: str, open_orders: OpenOrders, rules: Mapping[str, InstrumentRules], asset: str
) -> dict[str, list[VenueOrder]]:
    """The open perp orders of an account that settle in an asset, by symbol."""
    found: dict[str, list[VenueOrder]] = {}
    for (owner, symbol), orders in open_orders.items():
        if owner == account and rules[symbol].settles_in == asset:
            chosen = [
                order for order in orders.values() if order.market is Market.PERP and order.is_open
            ]
            if chosen:
                found[symbol] = chosen
    return found


def _refuse_spot(
    order: VenueOrder,
    rules: InstrumentRules,
    settlement: Settlement,
    book: MergedBook,
    open_orders: OpenOrders,
) -> None:
    account = settlement.accounts[order.account]
    if order.type is OrderType.LIMIT:
        claim = spot_claim(order, rules)
        asset, needed = claim.asset, claim.amount
    elif order.side is Side.SELL:
        asset, needed = rules.base, order.quantity
    else:
        asset, needed = rules.quote, _walk_cost(order, book)
    free = account.holding(asset).free
    if account.one_wallet and asset in account.wallets:
        orders = perp_orders(order.account, open_orders, settlement.rules, asset)
        free = min(free, account.available(asset, settlement.marks, orders))
    if free < needed:
        raise OrderRefusal(Reason.INSUFFICIENT)


def _walk_cost(order: VenueOrder, book: MergedBook) -> Decimal:
    left, cost = order.quantity, ZERO
    for price, quantity in book.levels(order.side.opposite):
        taken = min(left, quantity)
        cost += EXACT.multiply(price, taken)
        left -= taken
        if left == 0:
            break
    return cost


def _refuse_perp(
    order: VenueOrder, settlement: Settlement, book: MergedBook, open_orders: OpenOrders
) -> None:
    wallet = wallet_of(settlement, order.account, order.symbol)
    position = wallet.position(order.symbol)
    if order.reduce_only:
        if position.quantity * -order.side.sign <= 0:
            raise OrderRefusal(Reason.REDUCE_ONLY)
        return
    price = order.price
    if order.type is OrderType.MARKET:
        best = book.best(order.side.opposite)
        if best is None:
            raise OrderRefusal(Reason.NO_LIQUIDITY)
        price = best
    asset = settlement.rules[order.symbol].settles_in
    orders = perp_orders(order.account, open_orders, settlement.rules, asset)
    mark = settlement.marks[order.symbol]
    before = sum(wallet.margins(order.symbol, mark, orders.get(order.symbol, [])), ZERO)
    priced = msgspec.structs.replace(order, price=price)
    after = sum(wallet.margins(order.symbol, mark, [*orders.get(order.symbol, []), priced]), ZERO)
    available = settlement.accounts[order.account].available(asset, settlement.marks, orders)
    if after > before and available < after - before:
        raise OrderRefusal(Reason.INSUFFICIENT)
