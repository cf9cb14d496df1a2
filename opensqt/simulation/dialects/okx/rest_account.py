"""OKX's endpoints of an account: wallet, positions, bills, fees and settings."""

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.okx import views
from opensqt.simulation.dialects.okx.answers import (
    ALL,
    good,
    instrument,
    instruments,
    integer,
    page,
)
from opensqt.simulation.dialects.okx.listing import KINDS
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain

BASE = "/api/v5/account"
LEVERAGE_MAX = 100
FUNDING_TYPE = "8"
NET = "net_mode"


def balance(context: VenueContext, call: ApiCall) -> object:
    """GET account/balance."""
    assets = [asset for asset in call.text("ccy").split(",") if asset]
    exchange = context.exchange
    return good([views.balance_row(exchange.settlement, call.account, exchange.open, assets)])


def positions(context: VenueContext, call: ApiCall) -> object:
    """GET account/positions: those that are not flat."""
    return good(
        open_positions(context, call.account, [r.symbol for r in instruments(context, call)])
    )


def open_positions(context: VenueContext, account: str, symbols: list[str]) -> list[views.Json]:
    """The positions of an account that are not flat."""
    settlement, rows = context.exchange.settlement, list[views.Json]()
    for symbol in symbols:
        rules = settlement.rules[symbol]
        if rules.market is not Market.PERP:
            continue
        held = wallet_of(settlement, account, symbol).position(symbol)
        if held.quantity:
            rows.append(views.position_row(rules, held, settlement.marks[symbol]))
    return rows


def bills(context: VenueContext, call: ApiCall) -> object:
    """GET account/bills-archive: funding payments; other bills are not kept."""
    if call.text("type") not in ("", FUNDING_TYPE):
        return good([])
    window = Window(start_ms=integer(call, "begin"), end_ms=integer(call, "end"), limit=ALL)
    symbol = instrument(context, call).symbol if call.text("instId") else ""
    found = context.exchange.store.records.income(call.account, symbol, "FUNDING_FEE", window)
    chosen = page(call, found, lambda row: row.tran_id)
    return good([views.bill_row(row, context.exchange.rules[row.symbol]) for row in chosen])


def config(context: VenueContext, call: ApiCall) -> object:
    """GET account/config: futures mode, net positions."""
    del context
    row = {
        "uid": "1",
        "mainUid": "1",
        "label": call.account,
        "acctLv": "2",
        "posMode": NET,
        "acctStpMode": "cancel_taker",
        "autoLoan": False,
        "perm": "read_only,trade",
        "ip": "",
        "level": "Lv1",
        "greeksType": "PA",
        "mgnIsoMode": "automatic",
        "roleType": "0",
        "kycLv": "3",
    }
    return good([row])


def trade_fee(context: VenueContext, call: ApiCall) -> object:
    """GET account/trade-fee: of the first instrument of a type; what is paid is negative."""
    market = Market.PERP if call.text("instType") == KINDS[Market.PERP] else Market.SPOT
    rules = context.directory.of(market)[0]
    maker, taker = plain(-rules.maker_fee), plain(-rules.taker_fee)
    perp = market is Market.PERP
    row = {
        "instType": KINDS[market],
        "level": "Lv1",
        "maker": maker,
        "taker": taker,
        "makerU": maker if perp else "",
        "takerU": taker if perp else "",
        "makerUSDC": "",
        "takerUSDC": "",
        "delivery": "",
        "exercise": "",
        "ts": str(context.now_ms()),
    }
    return good([row])


def leverage(context: VenueContext, call: ApiCall) -> object:
    """POST account/set-leverage, cross margin only."""
    rules, wanted = instrument(context, call), integer(call, "lever")
    if not 1 <= wanted <= LEVERAGE_MAX:
        raise VenueError(
            59102, "Leverage exceeds the maximum limit. Please lower the leverage.", 200
        )
    if call.text("mgnMode") != "cross":
        raise VenueError(51000, "Parameter mgnMode error", 400)
    settlement = context.exchange.settlement
    if rules.market is Market.PERP:
        wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).leverage = wanted
        settlement.touch(call.account)
    return good([_leverage_row(rules.venue_symbol, wanted)])


def leverage_info(context: VenueContext, call: ApiCall) -> object:
    """GET account/leverage-info."""
    rules = instrument(context, call)
    held = wallet_of(context.exchange.settlement, call.account, rules.symbol).position(rules.symbol)
    return good([_leverage_row(rules.venue_symbol, held.leverage)])


def _leverage_row(venue_symbol: str, value: int) -> views.Json:
    return {"instId": venue_symbol, "lever": str(value), "mgnMode": "cross", "posSide": "net"}


def position_mode(context: VenueContext, call: ApiCall) -> object:
    """POST account/set-position-mode: net is the only one."""
    del context
    if call.text("posMode") != NET:
        raise VenueError(
            59000, "Setting failed. Cancel any open orders or close any positions.", 200
        )
    return good([{"posMode": NET}])


def currencies(context: VenueContext, call: ApiCall) -> object:
    """GET asset/currencies: the assets of the account."""
    owner = context.exchange.settlement.accounts[call.account]
    return good(
        [
            {
                "ccy": asset,
                "name": asset,
                "chain": f"{asset}-{asset}",
                "canDep": False,
                "canWd": False,
                "canInternal": False,
                "mainNet": True,
                "minFee": "0",
                "maxFee": "0",
                "minWd": "0",
                "maxWd": "0",
                "wdTickSz": "8",
            }
            for asset in sorted(owner.spot)
        ]
    )


ROUTES: Routes = {
    ("GET", f"{BASE}/balance"): Route(handler=balance, signed=True, kind="account"),
    ("GET", f"{BASE}/positions"): Route(handler=positions, signed=True, kind="positions"),
    ("GET", f"{BASE}/bills"): Route(handler=bills, signed=True, kind="income"),
    ("GET", f"{BASE}/bills-archive"): Route(handler=bills, signed=True, kind="income"),
    ("GET", f"{BASE}/config"): Route(handler=config, signed=True, kind="account"),
    ("GET", f"{BASE}/trade-fee"): Route(handler=trade_fee, signed=True, kind="account"),
    ("GET", f"{BASE}/leverage-info"): Route(handler=leverage_info, signed=True, kind="account"),
    ("POST", f"{BASE}/set-leverage"): Route(handler=leverage, signed=True, kind="setting"),
    ("POST", f"{BASE}/set-position-mode"): Route(
        handler=position_mode, signed=True, kind="setting"
    ),
    ("GET", "/api/v5/asset/currencies"): Route(handler=currencies, signed=True, kind="account"),
}
