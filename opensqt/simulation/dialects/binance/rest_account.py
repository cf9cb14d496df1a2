"""The REST endpoints of the USDⓈ-M account: wallet, positions, settings, income."""

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.binance import usdm_views as views
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.dialects.binance.parameters import (
    flag,
    instrument,
    instruments,
    integer,
    required,
)
from opensqt.simulation.engine.margin import perp_orders
from opensqt.simulation.engine.orders import VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.engine.wallets import SETTLE_ASSET
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain

Json = dict[str, object]
DONE = {"code": 200, "msg": "success"}


def _positions(context: VenueContext, call: ApiCall) -> list[tuple[InstrumentRules, Json]]:
    settlement = context.exchange.settlement
    chosen = instruments(context, call)
    rows: list[tuple[InstrumentRules, Json]] = []
    for rules in chosen:
        mark = settlement.marks[rules.symbol]
        wallet = wallet_of(settlement, call.account, rules.symbol)
        orders = _orders(context, call, rules.settles_in)
        margins = wallet.margins(rules.symbol, mark, orders.get(rules.symbol, []))
        rows.append(
            (rules, views.position_risk(wallet.position(rules.symbol), rules, mark, margins))
        )
    return rows


def position_risk(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/positionRisk: symbols with a position or orders; one symbol is always answered."""
    settlement = context.exchange.settlement
    return [
        row
        for rules, row in _positions(context, call)
        if call.text("symbol")
        or wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).quantity != 0
        or rules.symbol in _orders(context, call, rules.settles_in)
    ]


def _orders(context: VenueContext, call: ApiCall, asset: str) -> dict[str, list[VenueOrder]]:
    return perp_orders(
        call.account, context.exchange.open, context.exchange.settlement.rules, asset
    )


def _funds(context: VenueContext, call: ApiCall, asset: str) -> Json:
    settlement = context.exchange.settlement
    wallet = settlement.accounts[call.account].wallet(asset)
    orders = _orders(context, call, asset)
    held, ordered = ZERO, ZERO
    for symbol in context.chores.terms:
        if settlement.rules[symbol].settles_in != asset:
            continue
        position_margin, order_margin = wallet.margins(
            symbol, settlement.marks[symbol], orders.get(symbol, [])
        )
        held, ordered = held + position_margin, ordered + order_margin
    unrealized = wallet.unrealized(settlement.marks)
    available = max(ZERO, wallet.balance + unrealized - held - ordered)
    return {
        "walletBalance": eight(wallet.balance),
        "unrealizedProfit": eight(unrealized),
        "marginBalance": eight(wallet.balance + unrealized),
        "maintMargin": eight(ZERO),
        "initialMargin": eight(held + ordered),
        "positionInitialMargin": eight(held),
        "openOrderInitialMargin": eight(ordered),
        "crossWalletBalance": eight(wallet.balance),
        "crossUnPnl": eight(unrealized),
        "availableBalance": eight(available),
        "maxWithdrawAmount": eight(available),
        "updateTime": settlement.accounts[call.account].updated_ms,
    }


def account(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/account; the totals are of USDT alone, as the venue documents them."""
    wallets = context.exchange.settlement.accounts[call.account].wallets
    by_asset = {asset: _funds(context, call, asset) for asset in wallets}
    funds = by_asset[SETTLE_ASSET]
    names = {
        "totalInitialMargin": "initialMargin",
        "totalMaintMargin": "maintMargin",
        "totalWalletBalance": "walletBalance",
        "totalUnrealizedProfit": "unrealizedProfit",
        "totalMarginBalance": "marginBalance",
        "totalPositionInitialMargin": "positionInitialMargin",
        "totalOpenOrderInitialMargin": "openOrderInitialMargin",
        "totalCrossWalletBalance": "crossWalletBalance",
        "totalCrossUnPnl": "crossUnPnl",
        "availableBalance": "availableBalance",
        "maxWithdrawAmount": "maxWithdrawAmount",
    }
    shown = (
        "symbol",
        "positionSide",
        "positionAmt",
        "unRealizedProfit",
        "isolatedMargin",
        "notional",
        "isolatedWallet",
        "initialMargin",
        "maintMargin",
        "updateTime",
    )
    positions = []
    for _, row in _positions(context, call):
        position = {name: row[name] for name in shown}
        position["unrealizedProfit"] = position.pop("unRealizedProfit")
        positions.append(position)
    totals = {total: funds[name] for total, name in names.items()}
    return {
        **totals,
        "assets": [
            {"asset": asset, **held, "marginAvailable": True} for asset, held in by_asset.items()
        ],
        "positions": positions,
    }


def balance(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/balance."""
    shown = (
        "crossWalletBalance",
        "crossUnPnl",
        "availableBalance",
        "maxWithdrawAmount",
        "updateTime",
    )
    rows = []
    for asset in context.exchange.settlement.accounts[call.account].wallets:
        funds = _funds(context, call, asset)
        head = {"accountAlias": "paper", "asset": asset, "balance": funds["walletBalance"]}
        held = {name: funds[name] for name in shown}
        rows.append({**head, **held, "marginAvailable": True})
    return rows


def brackets(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/leverageBracket."""
    if call.text("symbol"):
        return [views.bracket(instrument(context, call))]
    return [views.bracket(rules) for rules in context.directory.of(Market.PERP)]


def leverage(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/leverage."""
    rules, wanted = instrument(context, call), integer(call, "leverage")
    if wanted is None or not 1 <= wanted <= views.LEVERAGE_MAX:
        raise VenueError(-4028, f"Leverage {wanted} is not valid")
    settlement = context.exchange.settlement
    wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).leverage = wanted
    settlement.touch(call.account)
    return {
        "leverage": wanted,
        "maxNotionalValue": views.NOTIONAL_MAX,
        "symbol": rules.venue_symbol,
    }


def margin_type(context: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/marginType: cross is the only one, and already set."""
    instrument(context, call)
    if required(call, "marginType").upper() == "CROSSED":
        raise VenueError(-4046, "No need to change margin type.")
    raise VenueError(-4047, "Margin type cannot be changed if there exists open orders.")


def dual_side(_context: VenueContext, call: ApiCall) -> object:
    """GET and POST /fapi/v1/positionSide/dual: one-way is the only mode, and already set."""
    if call.method == "GET":
        return {"dualSidePosition": False}
    if flag(call, "dualSidePosition"):
        raise VenueError(-4068, "Position side cannot be changed if there exists position.")
    raise VenueError(-4059, "No need to change position side.")


def symbol_config(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/symbolConfig."""
    settlement = context.exchange.settlement
    chosen = instruments(context, call)
    return [
        {
            "symbol": rules.venue_symbol,
            "marginType": "CROSSED",
            "isAutoAddMargin": False,
            "leverage": wallet_of(settlement, call.account, rules.symbol)
            .position(rules.symbol)
            .leverage,
            "maxNotionalValue": views.NOTIONAL_MAX,
        }
        for rules in chosen
    ]


def income(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/income."""
    symbol = instrument(context, call).symbol if call.text("symbol") else ""
    window = Window(
        start_ms=integer(call, "startTime") or 0,
        end_ms=integer(call, "endTime") or 0,
        limit=min(integer(call, "limit") or 100, 1000),
    )
    rows = context.exchange.store.records.income(
        call.account, symbol, call.text("incomeType"), window
    )
    return [views.income_view(row, context.exchange.rules[row.symbol]) for row in rows]


def commission(context: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/commissionRate."""
    rules = instrument(context, call)
    maker, taker = plain(rules.maker_fee), plain(rules.taker_fee)
    return {
        "symbol": rules.venue_symbol,
        "makerCommissionRate": maker,
        "takerCommissionRate": taker,
    }


ROUTES: Routes = {
    ("GET", "/fapi/v3/account"): Route(handler=account, signed=True, weight=5, kind="account"),
    ("GET", "/fapi/v2/account"): Route(handler=account, signed=True, weight=5, kind="account"),
    ("GET", "/fapi/v3/balance"): Route(handler=balance, signed=True, weight=5, kind="account"),
    ("GET", "/fapi/v3/positionRisk"): Route(
        handler=position_risk, signed=True, weight=5, kind="positions"
    ),
    ("GET", "/fapi/v2/positionRisk"): Route(
        handler=position_risk, signed=True, weight=5, kind="positions"
    ),
    ("GET", "/fapi/v1/leverageBracket"): Route(handler=brackets, signed=True, kind="account"),
    ("POST", "/fapi/v1/leverage"): Route(handler=leverage, signed=True, kind="setting"),
    ("POST", "/fapi/v1/marginType"): Route(handler=margin_type, signed=True, kind="setting"),
    ("GET", "/fapi/v1/positionSide/dual"): Route(
        handler=dual_side, signed=True, weight=30, kind="account"
    ),
    ("POST", "/fapi/v1/positionSide/dual"): Route(handler=dual_side, signed=True, kind="setting"),
    ("GET", "/fapi/v1/symbolConfig"): Route(
        handler=symbol_config, signed=True, weight=5, kind="account"
    ),
    ("GET", "/fapi/v1/income"): Route(handler=income, signed=True, weight=30, kind="income"),
    ("GET", "/fapi/v1/commissionRate"): Route(
        handler=commission, signed=True, weight=20, kind="account"
    ),
}
