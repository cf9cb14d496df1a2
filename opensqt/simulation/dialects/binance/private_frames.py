"""Frames of the private streams: executionReport, ORDER_TRADE_UPDATE and the account updates. Shapes only."""

from collections.abc import Mapping

from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.dialects.binance.spot_views import STATUS, order_type, time_in_force
from opensqt.simulation.dialects.binance.usdm_views import average_price
from opensqt.simulation.dialects.binance.usdm_views import time_in_force as usdm_time_in_force
from opensqt.simulation.engine.notices import (
    Happening,
    Notice,
    OrderNotice,
    PerpWalletNotice,
    SpotBalanceNotice,
)
from opensqt.simulation.server.numbers import grid, plain

Json = dict[str, object]


def spot_frame(notice: Notice, rules: Mapping[str, InstrumentRules]) -> Json | None:
    """The spot frame of a notice, None for what spot does not tell."""
    match notice:
        case OrderNotice():
            return _execution_report(notice, rules[notice.order.symbol])
        case SpotBalanceNotice():
            return {
                "e": "outboundAccountPosition",
                "E": notice.time_ms,
                "u": notice.time_ms,
                "B": [
                    {"a": asset, "f": eight(free), "l": eight(locked)}
                    for asset, free, locked in notice.balances
                ],
            }
        case PerpWalletNotice():
            return None


def usdm_frame(notice: Notice, rules: Mapping[str, InstrumentRules]) -> Json | None:
    """The USDⓈ-M frame of a notice, None for what USDⓈ-M does not tell."""
    match notice:
        case OrderNotice():
            return _order_trade_update(notice, rules[notice.order.symbol])
        case PerpWalletNotice():
            return _account_update(notice, rules[notice.symbol])
        case SpotBalanceNotice():
            return None


def _execution_report(notice: OrderNotice, rules: InstrumentRules) -> Json:
    order, fill = notice.order, notice.execution
    cancelled = notice.happening is Happening.CANCELED
    worth = EXACT.multiply(fill.price, fill.quantity) if fill else ZERO
    return {
        "e": "executionReport",
        "E": notice.time_ms,
        "s": rules.venue_symbol,
        "c": order.cancel_id if cancelled else order.client_order_id,
        "S": order.side.value.upper(),
        "o": order_type(order),
        "f": time_in_force(order),
        "q": eight(order.quantity),
        "p": eight(order.price),
        "P": eight(ZERO),
        "F": eight(ZERO),
        "g": -1,
        "C": order.client_order_id if cancelled else "",
        "x": notice.happening.value.upper(),
        "X": STATUS[order.status],
        "r": "NONE",
        "i": order.order_id,
        "l": eight(fill.quantity if fill else ZERO),
        "z": eight(order.filled),
        "L": eight(fill.price if fill else ZERO),
        "n": eight(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "T": notice.time_ms,
        "t": fill.trade_id if fill else -1,
        "I": order.order_id,
        "w": order.is_open,
        "m": fill.maker if fill else False,
        "M": False,
        "O": order.created_ms,
        "Z": eight(order.cost),
        "Y": eight(worth),
        "Q": eight(ZERO),
        "W": order.created_ms,
        "V": "EXPIRE_TAKER",
    }


def _order_trade_update(notice: OrderNotice, rules: InstrumentRules) -> Json:
    order, fill = notice.order, notice.execution
    tick, step = rules.tick_size, rules.quantity_step
    kind = order.type.value.upper()
    paid: Json = {"N": fill.fee_asset, "n": plain(fill.fee)} if fill else {}
    inner: Json = {
        "s": rules.venue_symbol,
        "c": order.client_order_id,
        "S": order.side.value.upper(),
        "o": kind,
        "f": usdm_time_in_force(order),
        "q": grid(order.quantity, step),
        "p": grid(order.price, tick),
        "ap": average_price(order),
        "sp": "0",
        "x": notice.happening.value.upper(),
        "X": STATUS[order.status],
        "i": order.order_id,
        "l": grid(fill.quantity if fill else ZERO, step),
        "z": grid(order.filled, step),
        "L": grid(fill.price, tick) if fill else "0",
        **paid,
        "T": notice.time_ms,
        "t": fill.trade_id if fill else 0,
        "b": "0",
        "a": "0",
        "m": fill.maker if fill else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": kind,
        "ps": "BOTH",
        "cp": False,
        "rp": plain(fill.realized_pnl) if fill else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_TAKER",
        "pm": "NONE",
        "gtd": 0,
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": notice.time_ms, "E": notice.time_ms, "o": inner}


def _account_update(notice: PerpWalletNotice, rules: InstrumentRules) -> Json:
    balance = eight(notice.balance)
    wallet = {"a": rules.settles_in, "wb": balance, "cw": balance, "bc": plain(notice.change)}
    position = {
        "s": rules.venue_symbol,
        "pa": grid(notice.quantity, rules.quantity_step),
        "ep": plain(notice.entry_price),
        "bep": plain(notice.entry_price),
        "cr": plain(notice.realized_total),
        "up": eight(notice.unrealized),
        "mt": "cross",
        "iw": "0",
        "ps": "BOTH",
        "ma": rules.settles_in,
    }
    inner: Json = {
        "m": notice.reason,
        "B": [wallet],
        "P": [] if notice.reason == "FUNDING_FEE" else [position],
    }
    return {"e": "ACCOUNT_UPDATE", "T": notice.time_ms, "E": notice.time_ms, "a": inner}
