"""What changes at an exchange and its streams do not tell: the venue's books say it to whoever asks, nobody else does.

What reconciliation must find is made here, by who tests it.
"""

from decimal import Decimal
from typing import assert_never

import msgspec

from opensqt.domain.decimals import ONE
from opensqt.domain.instruments import Market
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.incidents import fill_some
from opensqt.simulation.engine.orders import Status, VenueOrder, named_order
from opensqt.simulation.engine.settlement import add_to_wallet, wallet_of


class CancelOrder(msgspec.Struct, frozen=True, kw_only=True, tag="cancel_order"):
    """An open order ends."""

    account: str
    symbol: str
    client_order_id: str


class FillOrder(msgspec.Struct, frozen=True, kw_only=True, tag="fill_order"):
    """A share (0..1] of what is left of an open order trades."""

    account: str
    symbol: str
    client_order_id: str
    share: Decimal = ONE


class MovePosition(msgspec.Struct, frozen=True, kw_only=True, tag="move_position"):
    """A position has this much more (signed base units), by no trade and at no cost."""

    account: str
    symbol: str
    quantity: Decimal


class MoveBalance(msgspec.Struct, frozen=True, kw_only=True, tag="move_balance"):
    """A wallet (spot or perp) has this much more of an asset, signed: as a fee that no trade names."""

    account: str
    wallet: Market
    asset: str
    amount: Decimal


class ListFunding(msgspec.Struct, frozen=True, kw_only=True, tag="list_funding"):
    """A funding payment (quote units, signed) is listed that reached no wallet."""

    account: str
    symbol: str
    amount: Decimal


SilentChange = CancelOrder | FillOrder | MovePosition | MoveBalance | ListFunding


def change_silently(exchange: Exchange, change: SilentChange) -> None:
    """Change the books for good and tell no stream; raise `LookupError` naming what is not there, changing nothing."""
    exchange.commit()  # what happened before is told
    settlement = exchange.settlement
    if change.account not in settlement.accounts:
        raise LookupError(f"no account {change.account!r}, only {', '.join(settlement.accounts)}")
    if not isinstance(change, MoveBalance) and change.symbol not in exchange.rules:
        raise LookupError(f"no symbol {change.symbol!r}, only {', '.join(exchange.rules)}")
    settlement.now_ms = exchange.clock.market_ms()
    match change:
        case CancelOrder():
            exchange.close(_open_order(exchange, change), Status.CANCELED, Kind.CANCEL)
            exchange.tidy(change.symbol)
        case FillOrder():
            fill_some(exchange, _open_order(exchange, change), change.share)
        case MovePosition():
            wallet_of(settlement, change.account, change.symbol).position(
                change.symbol
            ).quantity += change.quantity
            settlement.touch(change.account)
        case MoveBalance():
            add_to_wallet(settlement, change.account, change.wallet, change.asset, change.amount)
        case ListFunding():
            settlement.list_income(change.account, change.symbol, "FUNDING_FEE", change.amount)
            settlement.touch(change.account)
        case _:
            assert_never(change)
    settlement.note_balances()
    settlement.notices.clear()
    exchange.commit()


def _open_order(exchange: Exchange, change: CancelOrder | FillOrder) -> VenueOrder:
    pending = exchange.open.get((change.account, change.symbol), {}).values()
    order = named_order(pending, order_id=None, client_id=change.client_order_id)
    if order is None:
        raise LookupError(f"no open order {change.client_order_id!r} of {change.symbol}")
    return order
