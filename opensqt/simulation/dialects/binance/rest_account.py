"""The REST endpoints of the USDⓈ-M account: wallet, positions, settings, income, listen keys."""

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.binance import usdm_views as views
from opensqt.simulation.dialects.binance.errors import VenueError
from opensqt.simulation.dialects.binance.numbers import eight, plain
from opensqt.simulation.engine.margin import perp_orders
from opensqt.simulation.engine.orders import VenueOrder
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.engine.wallets import SETTLE_ASSET
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext

Json = dict[str, object]
DONE = {"code": 200, "msg": "success"}


def _positions(floor: VenueContext, call: ApiCall) -> list[tuple[InstrumentRules, Json]]:
    settlement = floor.exchange.settlement
    chosen = (
        [floor.directory.rules(call)] if call.text("symbol") else floor.directory.of(Market.PERP)
    )
    rows: list[tuple[InstrumentRules, Json]] = []
    for rules in chosen:
        mark = settlement.marks[rules.symbol]
        wallet = wallet_of(settlement, call.account, rules.symbol)
        orders = _orders(floor, call, rules.settles_in)
        margins = wallet.margins(rules.symbol, mark, orders.get(rules.symbol, []))
        rows.append(
            (rules, views.position_risk(wallet.position(rules.symbol), rules, mark, margins))
        )
    return rows


def position_risk(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/positionRisk: symbols with a position or orders; one symbol is always answered."""
    settlement = floor.exchange.settlement
    return [
        row
        for rules, row in _positions(floor, call)
        if call.text("symbol")
        or wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).quantity != 0
        or rules.symbol in _orders(floor, call, rules.settles_in)
    ]


def _orders(floor: VenueContext, call: ApiCall, asset: str) -> dict[str, list[VenueOrder]]:
    return perp_orders(call.account, floor.exchange.open, floor.exchange.settlement.rules, asset)


def _funds(floor: VenueContext, call: ApiCall, asset: str) -> Json:
    settlement = floor.exchange.settlement
    wallet = settlement.accounts[call.account].wallet(asset)
    orders = _orders(floor, call, asset)
    held, ordered = ZERO, ZERO
    for symbol in floor.chores.terms:
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


def account(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/account; the totals are of USDT alone, as the venue documents them."""
    wallets = floor.exchange.settlement.accounts[call.account].wallets
    by_asset = {asset: _funds(floor, call, asset) for asset in wallets}
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
    for _, row in _positions(floor, call):
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


def balance(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v3/balance."""
    shown = (
        "crossWalletBalance",
        "crossUnPnl",
        "availableBalance",
        "maxWithdrawAmount",
        "updateTime",
    )
    rows = []
    for asset in floor.exchange.settlement.accounts[call.account].wallets:
        funds = _funds(floor, call, asset)
        head = {"accountAlias": "paper", "asset": asset, "balance": funds["walletBalance"]}
        held = {name: funds[name] for name in shown}
        rows.append({**head, **held, "marginAvailable": True})
    return rows


def brackets(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/leverageBracket."""
    if call.text("symbol"):
        return [views.bracket(floor.directory.rules(call))]
    return [views.bracket(rules) for rules in floor.directory.of(Market.PERP)]


def leverage(floor: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/leverage."""
    rules, wanted = floor.directory.rules(call), call.integer("leverage")
    if wanted is None or not 1 <= wanted <= views.LEVERAGE_MAX:
        raise VenueError(-4028, f"Leverage {wanted} is not valid")
    settlement = floor.exchange.settlement
    wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).leverage = wanted
    settlement.touch(call.account)
    return {
        "leverage": wanted,
        "maxNotionalValue": views.NOTIONAL_MAX,
        "symbol": rules.venue_symbol,
    }


def margin_type(floor: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/marginType: cross is the only one, and already set."""
    floor.directory.rules(call)
    if call.required("marginType").upper() == "CROSSED":
        raise VenueError(-4046, "No need to change margin type.")
    raise VenueError(-4047, "Margin type cannot be changed if there exists open orders.")


def dual_side(_floor: VenueContext, call: ApiCall) -> object:
    """GET and POST /fapi/v1/positionSide/dual: one-way is the only mode, and already set."""
    if call.method == "GET":
        return {"dualSidePosition": False}
    if call.flag("dualSidePosition"):
        raise VenueError(-4068, "Position side cannot be changed if there exists position.")
    raise VenueError(-4059, "No need to change position side.")


def symbol_config(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/symbolConfig."""
    settlement = floor.exchange.settlement
    chosen = (
        [floor.directory.rules(call)] if call.text("symbol") else floor.directory.of(Market.PERP)
    )
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


def income(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/income."""
    symbol = floor.directory.rules(call).symbol if call.text("symbol") else ""
    window = Window(
        start_ms=call.integer("startTime") or 0,
        end_ms=call.integer("endTime") or 0,
        limit=min(call.integer("limit") or 100, 1000),
    )
    rows = floor.exchange.store.records.income(
        call.account, symbol, call.text("incomeType"), window
    )
    return [views.income_view(row, floor.exchange.rules[row.symbol]) for row in rows]


def commission(floor: VenueContext, call: ApiCall) -> object:
    """GET /fapi/v1/commissionRate."""
    rules = floor.directory.rules(call)
    maker, taker = plain(rules.maker_fee), plain(rules.taker_fee)
    return {
        "symbol": rules.venue_symbol,
        "makerCommissionRate": maker,
        "takerCommissionRate": taker,
    }


def open_listen_key(floor: VenueContext, call: ApiCall) -> object:
    """POST /fapi/v1/listenKey."""
    key = floor.listen_keys.open(call.account, floor.exchange.clock.wall_ms())
    floor.exchange.commit({"listen_keys": floor.listen_keys.state()})
    return {"listenKey": key}


def extend_listen_key(floor: VenueContext, call: ApiCall) -> object:
    """PUT /fapi/v1/listenKey."""
    floor.listen_keys.extend(call.account, floor.exchange.clock.wall_ms())
    floor.exchange.commit({"listen_keys": floor.listen_keys.state()})
    return {}


def close_listen_key(floor: VenueContext, call: ApiCall) -> object:
    """DELETE /fapi/v1/listenKey."""
    floor.listen_keys.close(call.account)
    floor.exchange.commit({"listen_keys": floor.listen_keys.state()})
    return {}


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
    ("POST", "/fapi/v1/listenKey"): Route(handler=open_listen_key, keyed=True, kind="listen_key"),
    ("PUT", "/fapi/v1/listenKey"): Route(handler=extend_listen_key, keyed=True, kind="listen_key"),
    ("DELETE", "/fapi/v1/listenKey"): Route(
        handler=close_listen_key, keyed=True, kind="listen_key"
    ),
}
