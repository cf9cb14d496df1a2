"""The REST endpoints of a unified account: assets, positions, fees, settings, records."""

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.dialects.bitget.answers import (
    ALL,
    Json,
    enveloped,
    instrument,
    instruments,
    integer,
    page,
)
from opensqt.simulation.dialects.bitget.errors import wrong
from opensqt.simulation.dialects.bitget.listing import category_of
from opensqt.simulation.dialects.bitget.views import ONE_WAY, coin_rows, position_row, record_row
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.numbers import plain

BASE = "/api/v3/account"
LEVERAGE_MAX = 100


def assets(context: VenueContext, call: ApiCall) -> Json:
    """GET assets."""
    totals = dict.fromkeys(("accountEquity", "usdtEquity", "unrealisedPnl", "effEquity"), "0")
    return {**totals, "assets": coin_rows(context.exchange, call.account)}


def positions(context: VenueContext, call: ApiCall) -> Json:
    """GET position/current-position: those of a category that are not flat."""
    if not call.text("category"):
        raise wrong("category cannot be empty")
    return {"list": open_positions(context, call.account, instruments(context, call))}


def open_positions(
    context: VenueContext, account: str, listed: list[InstrumentRules]
) -> list[Json]:
    """The positions of an account that are not flat."""
    settlement, rows = context.exchange.settlement, list[Json]()
    for rules in listed:
        if rules.market is Market.PERP:
            held = wallet_of(settlement, account, rules.symbol).position(rules.symbol)
            if held.quantity:
                rows.append(position_row(rules, held, settlement.marks[rules.symbol]))
    return rows


def fee_rate(context: VenueContext, call: ApiCall) -> Json:
    """GET fee-rate."""
    rules = instrument(context, call)
    return {"makerFeeRate": plain(rules.maker_fee), "takerFeeRate": plain(rules.taker_fee)}


def all_fee_rates(context: VenueContext, call: ApiCall) -> list[Json]:
    """GET all-fee-rate of a category."""
    return [
        {
            "symbol": rules.venue_symbol,
            "makerFeeRate": plain(rules.maker_fee),
            "takerFeeRate": plain(rules.taker_fee),
        }
        for rules in instruments(context, call)
    ]


def settings(context: VenueContext, call: ApiCall) -> Json:
    """GET settings: a unified account in one-way mode."""
    symbols = [
        {
            "category": category_of(rules),
            "symbol": rules.venue_symbol,
            "marginMode": "crossed",
            "leverage": str(
                wallet_of(context.exchange.settlement, call.account, rules.symbol)
                .position(rules.symbol)
                .leverage
            ),
        }
        for rules in context.directory.of(Market.PERP)
    ]
    return {
        "uid": "1",
        "accountMode": "unified",
        "assetMode": "multi_assets",
        "accountLevel": "advanced",
        "holdMode": ONE_WAY,
        "stpMode": "none",
        "symbolConfigList": symbols,
        "coinConfigList": [],
    }


def info(context: VenueContext, call: ApiCall) -> Json:
    """GET info: a key that may trade and may not withdraw."""
    del context
    return {
        "userId": "1",
        "parentId": "0",
        "channel": call.account,
        "ips": "",
        "permType": "read-and-write",
        "permissions": ["uta_mgt", "uta_trade"],
        "regisTime": "0",
    }


def records(context: VenueContext, call: ApiCall) -> Json:
    """GET financial-records of a category: funding payments; other records are not kept."""
    start_ms, end_ms = integer(call, "startTime", 0), integer(call, "endTime", 0)
    window = Window(start_ms=start_ms, end_ms=end_ms, limit=ALL)
    paid = context.exchange.store.records.income(call.account, "", "FUNDING_FEE", window)
    rows = [record_row(row, context.exchange.rules[row.symbol]) for row in paid]
    asked = [row for row in rows if call.text("category") in ("", row["category"])]
    return page(call, asked, "id")


def set_leverage(context: VenueContext, call: ApiCall) -> str:
    """POST set-leverage, cross margin only."""
    rules, wanted = instrument(context, call), integer(call, "leverage", 0)
    if not 1 <= wanted <= LEVERAGE_MAX:
        raise VenueError(40797, "Exceeded the maximum settable leverage")
    settlement = context.exchange.settlement
    wallet_of(settlement, call.account, rules.symbol).position(rules.symbol).leverage = wanted
    settlement.touch(call.account)
    return "success"


def set_hold_mode(context: VenueContext, call: ApiCall) -> str:
    """POST set-hold-mode: one-way is the only one."""
    del context
    if call.text("holdMode") != ONE_WAY:
        raise wrong("the paper venue knows one_way_mode only")
    return "success"


ROUTES: Routes = {
    ("GET", f"{BASE}/assets"): Route(handler=enveloped(assets), signed=True, kind="account"),
    ("GET", "/api/v3/position/current-position"): Route(
        handler=enveloped(positions), signed=True, kind="positions"
    ),
    ("GET", f"{BASE}/fee-rate"): Route(handler=enveloped(fee_rate), signed=True, kind="account"),
    ("GET", f"{BASE}/all-fee-rate"): Route(
        handler=enveloped(all_fee_rates), signed=True, kind="account"
    ),
    ("GET", f"{BASE}/settings"): Route(handler=enveloped(settings), signed=True, kind="account"),
    ("GET", f"{BASE}/info"): Route(handler=enveloped(info), signed=True, kind="account"),
    ("GET", f"{BASE}/financial-records"): Route(
        handler=enveloped(records), signed=True, kind="income"
    ),
    ("POST", f"{BASE}/set-leverage"): Route(
        handler=enveloped(set_leverage), signed=True, kind="setting"
    ),
    ("POST", f"{BASE}/set-hold-mode"): Route(
        handler=enveloped(set_hold_mode), signed=True, kind="setting"
    ),
}
