"""The REST endpoints of a unified account: wallet, positions, fees, modes, bookings."""

from decimal import Decimal

from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bybit.answers import Json, enveloped, page
from opensqt.simulation.dialects.bybit.errors import fault, wrong
from opensqt.simulation.dialects.bybit.parameters import instrument, instruments, integer
from opensqt.simulation.dialects.bybit.views import (
    booking_view,
    coin_view,
    position_view,
    wallet_view,
)
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.margin import maintenance_share, perp_orders
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext

LEVERAGE_MAX = 100
ALL = 1_000_000


def coins(exchange: Exchange, account: str, assets: tuple[str, ...] = ()) -> list[Json]:
    """What an account holds of these assets (of all, if none is named)."""
    owner = exchange.settlement.accounts[account]
    return [
        coin_view(asset, held.total, held.locked, _margins(exchange, account, asset))
        for asset, held in sorted(owner.spot.items())
        if not assets or asset in assets
    ]


def wallet(exchange: Exchange, account: str, assets: tuple[str, ...] = ()) -> Json:
    """The unified wallet of an account."""
    rate = maintenance_share(exchange.settlement, account)
    return wallet_view(coins(exchange, account, assets), rate)


def wallet_balance(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/account/wallet-balance."""
    if call.text("accountType") != "UNIFIED":
        raise wrong("accountType, expected UNIFIED")
    named = tuple(name for name in call.text("coin").split(",") if name)
    return {"list": [wallet(context.exchange, call.account, named)]}


def positions(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/position/list: those of a coin that are not flat, or that of a symbol whatever it is."""
    if not call.text("symbol") and not call.text("settleCoin"):
        raise wrong("symbol or settleCoin")
    settlement = context.exchange.settlement
    rows: list[Json] = []
    for rules in instruments(context, call):
        held = wallet_of(settlement, call.account, rules.symbol).position(rules.symbol)
        if held.quantity or call.text("symbol"):
            rows.append(position_view(held, rules, settlement.marks[rules.symbol]))
    return page(call, rows, usual=20, most=200)


def fee_rate(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/account/fee-rate."""
    rows = [
        {
            "symbol": rules.venue_symbol,
            "makerFeeRate": canonical(rules.maker_fee),
            "takerFeeRate": canonical(rules.taker_fee),
        }
        for rules in instruments(context, call)
    ]
    return {"list": rows}


def info(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/account/info: unified, cross margin."""
    del call
    return {
        "marginMode": "REGULAR_MARGIN",
        "updatedTime": str(context.now_ms()),
        "unifiedMarginStatus": 5,
        "dcpStatus": "OFF",
        "smpGroup": 0,
        "spotHedgingStatus": "OFF",
    }


def key_info(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/user/query-api: a key that may trade and may not withdraw."""
    del context
    return {
        "note": call.account,
        "readOnly": 0,
        "permissions": {
            "ContractTrade": ["Order", "Position"],
            "Spot": ["SpotTrade"],
            "Wallet": [],
        },
        "ips": ["*"],
        "uta": 1,
        "unified": 0,
    }


def coin_info(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/asset/coin/query-info: the coins of what is listed, on no chain."""
    del call
    listed = context.exchange.rules.values()
    names = sorted({name for rules in listed for name in (rules.base, rules.settles_in)})
    rows = [{"name": name, "coin": name, "remainAmount": "0", "chains": []} for name in names]
    return {"rows": rows}


def transaction_log(context: VenueContext, call: ApiCall) -> Json:
    """GET /v5/account/transaction-log: of the bookings, funding; a day where nothing else is said."""
    start_ms = integer(call, "startTime", 0)
    window = Window(start_ms=start_ms, end_ms=integer(call, "endTime", 0), limit=ALL)
    records = context.exchange.store.records
    rows = [
        booking_view(row, context.exchange.rules[row.symbol])
        for row in records.income(call.account, "", "FUNDING_FEE", window)
    ]
    asked = call.text("type", "SETTLEMENT") in ("", "SETTLEMENT")
    return page(call, rows[::-1] if asked else [], usual=20, most=50)


def leverage(context: VenueContext, call: ApiCall) -> Json:
    """POST /v5/position/set-leverage: both sides alike."""
    rules, wanted = instrument(context, call), call.text("buyLeverage")
    if not wanted.isdecimal() or not 1 <= int(wanted) <= LEVERAGE_MAX:
        raise fault(110013, "Cannot set leverage due to risk limit level.")
    settlement = context.exchange.settlement
    held = wallet_of(settlement, call.account, rules.symbol).position(rules.symbol)
    if held.leverage == int(wanted):
        raise fault(110043, "Set leverage has not been modified.")
    held.leverage = int(wanted)
    settlement.touch(call.account)
    return {}


def switch_mode(context: VenueContext, call: ApiCall) -> Json:
    """POST /v5/position/switch-mode: one-way is the only mode, and already set."""
    del context
    if call.text("mode") == "0":
        raise fault(110025, "Position mode has not been modified.")
    raise fault(110029, "Hedge mode is not supported for this symbol.")


def _margins(exchange: Exchange, account: str, asset: str) -> tuple[Decimal, Decimal]:
    """What positions and orders that settle in an asset bind of it."""
    settlement = exchange.settlement
    orders = perp_orders(account, exchange.open, settlement.rules, asset)
    held, ordered = ZERO, ZERO
    for rules in settlement.rules.values():
        if rules.market is not Market.PERP or rules.settles_in != asset:
            continue
        wallet = wallet_of(settlement, account, rules.symbol)
        mark = settlement.marks[rules.symbol]
        bound = wallet.margins(rules.symbol, mark, orders.get(rules.symbol, []))
        held, ordered = held + bound[0], ordered + bound[1]
    return held, ordered


ROUTES: Routes = {
    ("GET", "/v5/account/wallet-balance"): Route(
        handler=enveloped(wallet_balance), signed=True, kind="account"
    ),
    ("GET", "/v5/position/list"): Route(
        handler=enveloped(positions), signed=True, kind="positions"
    ),
    ("GET", "/v5/account/fee-rate"): Route(
        handler=enveloped(fee_rate), signed=True, kind="account"
    ),
    ("GET", "/v5/account/info"): Route(handler=enveloped(info), signed=True, kind="account"),
    ("GET", "/v5/user/query-api"): Route(handler=enveloped(key_info), signed=True, kind="account"),
    ("GET", "/v5/account/transaction-log"): Route(
        handler=enveloped(transaction_log), signed=True, kind="income"
    ),
    ("GET", "/v5/asset/coin/query-info"): Route(
        handler=enveloped(coin_info), signed=True, kind="account"
    ),
    ("POST", "/v5/position/set-leverage"): Route(
        handler=enveloped(leverage), signed=True, kind="setting"
    ),
    ("POST", "/v5/position/switch-mode"): Route(
        handler=enveloped(switch_mode), signed=True, kind="setting"
    ),
}
