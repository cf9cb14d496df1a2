"""The REST endpoints of a classic account: its two wallets, positions, fees, modes, bookings."""

from opensqt.domain.decimals import ZERO, canonical
from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.gate import views
from opensqt.simulation.dialects.gate.errors import fault, wrong
from opensqt.simulation.dialects.gate.listing import SETTLE, user_of
from opensqt.simulation.dialects.gate.parameters import (
    instrument,
    instruments,
    integer,
    page,
    window_of,
)
from opensqt.simulation.dialects.gate.rest_public import BASE, FUTURES
from opensqt.simulation.engine.margin import perp_orders
from opensqt.simulation.engine.settlement import wallet_of
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext

LEVERAGE_MAX = 100


def spot_accounts(context: VenueContext, call: ApiCall) -> object:
    """GET /spot/accounts."""
    wanted = call.text("currency")
    owner = context.exchange.settlement.accounts[call.account]
    return [
        {
            "currency": asset,
            "available": canonical(held.free),
            "locked": canonical(held.locked),
            "update_id": owner.updated_ms,
        }
        for asset, held in sorted(owner.spot.items())
        if wanted in ("", asset)
    ]


def perp_account(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/accounts: the total is without what positions would gain."""
    exchange = context.exchange
    settlement = exchange.settlement
    wallet = settlement.accounts[call.account].wallet(SETTLE)
    orders = perp_orders(call.account, exchange.open, settlement.rules, SETTLE)
    free = max(ZERO, wallet.available(settlement.marks, orders))
    gain = wallet.unrealized(settlement.marks)
    return {
        "user": user_of(call.account),
        "currency": SETTLE,
        "total": canonical(wallet.balance),
        "unrealised_pnl": canonical(gain),
        "position_margin": canonical(max(ZERO, wallet.balance + gain - free)),
        "order_margin": "0",
        "available": canonical(free),
        "point": "0",
        "bonus": "0",
        "in_dual_mode": False,
        "position_mode": "single",
        "enable_credit": False,
        "history": {
            "dnw": canonical(wallet.deposited),
            "pnl": canonical(wallet.realized_pnl),
            "fee": canonical(-wallet.fees),
            "fund": canonical(wallet.funding),
        },
    }


def positions(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/positions: all, or those that are not flat."""
    rows = []
    for rules in instruments(context, call):
        held = wallet_of(context.exchange.settlement, call.account, rules.symbol).position(
            rules.symbol
        )
        if held.quantity or call.text("holding") != "true":
            mark = context.exchange.settlement.marks[rules.symbol]
            rows.append(views.position(call, held, rules, mark))
    return page(call, rows)


def position(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/positions/ID, POST .../leverage: cross margin with a limit of leverage."""
    rules, settlement = instrument(context, call), context.exchange.settlement
    held = wallet_of(settlement, call.account, rules.symbol).position(rules.symbol)
    if call.method == "POST":
        wanted = integer(call, "cross_leverage_limit") or integer(call, "leverage")
        if not 1 <= wanted <= LEVERAGE_MAX:
            raise fault("LEVERAGE_TOO_HIGH", "leverage too high")
        held.leverage = wanted
        settlement.touch(call.account)
    return views.position(call, held, rules, settlement.marks[rules.symbol])


def position_mode(context: VenueContext, call: ApiCall) -> object:
    """POST /futures/usdt/dual_mode: one-way is the only mode."""
    if call.text("dual_mode") == "true":
        raise fault("POSITION_HOLDING", "there are positions or orders")
    return perp_account(context, call)


def bookings(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/account_book: of the bookings, funding."""
    if call.text("type") not in ("", "fund"):
        return []
    wanted = instrument(context, call).symbol if call.text("contract") else ""
    records = context.exchange.store.records
    found = records.income(call.account, wanted, "FUNDING_FEE", window_of(call))
    rows = [views.booking(row, context.exchange.rules[row.symbol]) for row in found]
    return page(call, rows[::-1])


def fees(context: VenueContext, call: ApiCall) -> object:
    """GET /wallet/fee: of a pair, else of the first one; perpetuals beside it."""
    found = context.directory.find(Market.SPOT, call.text("currency_pair"))
    spot = found or context.directory.of(Market.SPOT)[0]
    perp = next(iter(context.directory.of(Market.PERP)), spot)
    return {
        "user_id": user_of(call.account),
        "taker_fee": canonical(spot.taker_fee),
        "maker_fee": canonical(spot.maker_fee),
        "futures_taker_fee": canonical(perp.taker_fee),
        "futures_maker_fee": canonical(perp.maker_fee),
        "gt_discount": False,
        "gt_taker_fee": "0",
        "gt_maker_fee": "0",
        "loan_fee": "0.18",
        "point_type": "0",
    }


def perp_fees(context: VenueContext, call: ApiCall) -> object:
    """GET /futures/usdt/fee: by contract."""
    return {
        rules.venue_symbol: {
            "taker_fee": canonical(rules.taker_fee),
            "maker_fee": canonical(rules.maker_fee),
        }
        for rules in instruments(context, call)
    }


def unified_mode(context: VenueContext, call: ApiCall) -> object:
    """GET /unified/unified_mode: a classic account."""
    del context, call
    return {"mode": "classic", "settings": {}}


def detail(context: VenueContext, call: ApiCall) -> object:
    """GET /account/detail: a key that may trade and may not withdraw."""
    del context
    return {
        "user_id": user_of(call.account),
        "ip_whitelist": [],
        "currency_pairs": [],
        "key": {"mode": 1},
        "tier": 0,
    }


def countdown(context: VenueContext, call: ApiCall) -> object:
    """POST countdown_cancel_all: the dead-man timer of an account in a market, in seconds."""
    span_s = integer(call, "timeout")
    if span_s and span_s < 5:
        raise wrong("timeout")
    for rules in instruments(context, call):
        context.chores.arm(call.account, rules.symbol, span_s * 1000)
    return {"triggerTime": str(context.now_ms() + span_s * 1000) if span_s else "0"}


ROUTES: Routes = {
    ("GET", f"{BASE}/spot/accounts"): Route(handler=spot_accounts, signed=True, kind="account"),
    ("GET", f"{FUTURES}/accounts"): Route(handler=perp_account, signed=True, kind="account"),
    ("GET", f"{FUTURES}/positions"): Route(handler=positions, signed=True, kind="positions"),
    ("GET", f"{FUTURES}/positions/{{contract}}"): Route(
        handler=position, signed=True, kind="positions"
    ),
    ("POST", f"{FUTURES}/positions/{{contract}}/leverage"): Route(
        handler=position, signed=True, kind="setting"
    ),
    ("POST", f"{FUTURES}/dual_mode"): Route(handler=position_mode, signed=True, kind="setting"),
    ("GET", f"{FUTURES}/account_book"): Route(handler=bookings, signed=True, kind="income"),
    ("GET", f"{BASE}/wallet/fee"): Route(handler=fees, signed=True, kind="account"),
    ("GET", f"{FUTURES}/fee"): Route(handler=perp_fees, signed=True, kind="account"),
    ("GET", f"{BASE}/unified/unified_mode"): Route(
        handler=unified_mode, signed=True, kind="account"
    ),
    ("GET", f"{BASE}/account/detail"): Route(handler=detail, signed=True, kind="account"),
    ("POST", f"{BASE}/spot/countdown_cancel_all"): Route(
        handler=countdown, signed=True, kind="countdown"
    ),
    ("POST", f"{FUTURES}/countdown_cancel_all"): Route(
        handler=countdown, signed=True, kind="countdown"
    ),
}
