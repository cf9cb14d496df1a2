"""Bybit's recorded rows and frames through the parsers, with the pinned ccxt as the second opinion."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from opensqt.domain.instruments import Market, Side
from opensqt.domain.market import Candle, Trade
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, Held, NotFound, OrderView, TradeView
from opensqt.venues.bybit.account import BybitAccountEndpoints
from opensqt.venues.bybit.dialect import DIALECT
from opensqt.venues.bybit.feed import BybitFeedFormat
from opensqt.venues.bybit.frames import read_frame
from opensqt.venues.bybit.parser import order_view, trade_view
from opensqt.venues.bybit.user_stream import BybitUserStreamFormat
from opensqt.venues.engine.classify import judge_cancel, judge_each, judge_look
from opensqt.venues.engine.depth_book import DepthBook, DepthChange, DepthGap, spanned
from opensqt.venues.engine.feed_format import MarkChange, SymbolFrame
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.engine.response import VenueResponse

NAMES = ("BTC", "ETH", "XRP", "ICP", "QNT", "LTC", "GALA", "AAVE")
LINEAR = {f"{name}USDT": f"{name}/USDT:USDT" for name in NAMES} | {"ETHPERP": "ETH/USDC:USDC"}
SPOT = {f"{name}USDT": f"{name}/USDT" for name in NAMES} | {"BTCUSDC": "BTC/USDC"}
SYMBOLS = {Market.PERP: LINEAR, Market.SPOT: SPOT}
AT = Instrument(symbol="ETH/USDT:USDT", market=Market.PERP, venue_symbol="ETHUSDT")
pytestmark = pytest.mark.recordings


def lines(path: Path) -> Iterator[Any]:
    """Read JSON lines."""
    return (json.loads(line) for line in path.read_text().splitlines() if line)


def bodies(recordings: Path) -> dict[str, list[Any]]:
    """The recorded answers by path."""
    found: dict[str, list[Any]] = {}
    for row in lines(recordings / "conformance" / "jkorf" / "bybit_rest.jsonl"):
        if isinstance(row.get("response"), dict):
            found.setdefault(row["path"], []).append(row["response"])
    return found


def rows(recordings: Path, path: str) -> list[Any]:
    """The rows of the recorded lists of a path."""
    return [row for body in bodies(recordings)[path] for row in body["result"]["list"]]


def comments(recordings: Path, function: str) -> list[Any]:
    """The samples in ccxt's source that one of its functions reads."""
    path = recordings / "conformance" / "ccxt_comment_samples" / "bybit.jsonl"
    return [row["payload"] for row in lines(path) if row["function"] == function]


def exchange() -> Any:
    """The pinned ccxt, which knows the markets of the recordings; numbers stay text."""
    client = ccxt.bybit()
    client.number = str
    client.set_markets(
        [
            {"id": name, "symbol": symbol, "base": symbol.split("/")[0], "quote": "USDT",
             "settle": "USDT", "type": "swap", "spot": False, "swap": True, "contract": True,
             "linear": True, "inverse": False, "contractSize": "1", "precision": {}, "limits": {}, "info": {}}
            for name, symbol in LINEAR.items()
        ]
    )  # fmt: skip
    return client


def encoded(row: object) -> bytes:
    """Write a row as the venue did."""
    return json.dumps(row).encode()


@pytest.mark.row("D01")
def test_recorded_orders_are_read_as_ccxt_reads_them(recordings: Path) -> None:
    """Prices, sizes, sides, ids; statuses agree but where ccxt's vocabulary is poorer."""
    found = rows(recordings, "/v5/order/realtime") + rows(recordings, "/v5/order/history")
    found += [row for row in comments(recordings, "parse_order") if row.get("createdTime")]
    assert len(found) >= 3
    statuses = {"open": "open", "filled": "closed", "canceled": "canceled", "expired": "canceled"}
    for row in found:
        ours, theirs = order_view(encoded(row), LINEAR), exchange().parse_order(row)
        assert ours.client_order_id == (theirs["clientOrderId"] or "")
        assert (ours.venue_order_id, ours.symbol) == (theirs["id"], theirs["symbol"])
        assert (ours.price, ours.quantity) == (Decimal(row["price"]), Decimal(theirs["amount"]))
        assert ours.filled_quantity == Decimal(theirs["filled"])
        assert ours.side.value == theirs["side"]
        assert statuses[ours.status] == theirs["status"]


@pytest.mark.row("D06")
def test_a_recorded_post_only_order_that_would_take_says_why_it_ended(recordings: Path) -> None:
    """Ccxt drops the reason; here it is a word of ours."""
    (row,) = rows(recordings, "/v5/order/history")
    order = order_view(encoded(row), LINEAR)
    assert (order.status, order.reason) == ("expired", "post_only")
    assert order.filled_quantity == 0


@pytest.mark.row("D01")
def test_recorded_executions_are_read_as_ccxt_reads_them(recordings: Path) -> None:
    """Also those whose type or fee currency is empty; a trade that is not read would be lost."""
    found = rows(recordings, "/v5/execution/list") + comments(recordings, "parse_trade")
    found = [row for row in found if "execQty" in row and "execId" in row and "execFee" in row]
    assert len(found) >= 4
    for row in found:
        ours, theirs = trade_view(encoded(row), Market.PERP, LINEAR), exchange().parse_trade(row)
        assert ours is not None
        assert (ours.trade_id, ours.venue_order_id) == (theirs["id"], theirs["order"])
        assert (ours.price, ours.quantity) == (Decimal(theirs["price"]), Decimal(theirs["amount"]))
        assert ours.fee == Decimal(theirs["fee"]["cost"])
        assert ours.side.value == theirs["side"]
        assert ours.time_ms == theirs["timestamp"]
        assert (ours.liquidity is Liquidity.MAKER) == (theirs["takerOrMaker"] == "maker")


@pytest.mark.row("D01")
def test_funding_is_no_trade(recordings: Path) -> None:
    """Ccxt reads it as one."""
    (row,) = rows(recordings, "/v5/execution/list")
    assert trade_view(encoded({**row, "execType": "Funding"}), Market.PERP, LINEAR) is None


@pytest.mark.row("C08")
def test_a_recorded_batch_cancel_is_judged_row_by_row(recordings: Path) -> None:
    """The first order is cancelled, the second is not there, and its row still names it."""
    (body,) = bodies(recordings)["/v5/order/cancel-batch"]
    response = VenueResponse(status=200, body=json.dumps(body))
    at = Instrument(symbol="BTC/USDT", market=Market.SPOT, venue_symbol="BTCUSDT")
    names = ("spot-btc-03", "1666800494330512129")
    held, gone = judge_each(judge_cancel, DIALECT, at, response, names, SYMBOLS)
    assert isinstance(held, Held)
    assert isinstance(gone, NotFound)
    other, _ = judge_each(judge_cancel, DIALECT, at, response, (names[1], "qx"), SYMBOLS)
    assert not isinstance(other, Held | NotFound)


@pytest.mark.row("C06")
def test_a_look_is_answered_by_an_order_or_by_an_empty_list(recordings: Path) -> None:
    """The recorded order is held; the same answer without it is "no such order", and proves nothing by itself."""
    (body,) = bodies(recordings)["/v5/order/realtime"]
    answer = VenueResponse(status=200, body=json.dumps(body))
    (held,) = judge_each(judge_look, DIALECT, AT, answer, ("test-000005",), SYMBOLS)
    assert isinstance(held, Held)
    assert held.order is not None
    body["result"]["list"] = []
    empty = VenueResponse(status=200, body=json.dumps(body))
    (none,) = judge_each(judge_look, DIALECT, AT, empty, ("test-000005",), SYMBOLS)
    assert isinstance(none, NotFound)


@pytest.mark.row("D01")
def test_recorded_account_answers_are_read(recordings: Path) -> None:
    """Wallet, fees, modes, paid funding (negative is paid)."""
    account, seen = BybitAccountEndpoints(), bodies(recordings)
    wallet = account.balances(frozenset(Market))["wallet"]
    (coin,) = wallet.read(encoded(seen["/v5/account/wallet-balance"][0]), SYMBOLS).balances
    assert (coin.wallet, coin.asset) == ("perp+spot", "BTC")
    assert coin.total == 0
    fees = account.fees(AT).read(encoded(seen["/v5/account/fee-rate"][0]), SYMBOLS)
    assert fees == (Decimal("0.0001"), Decimal("0.0006"))
    info, _ = account.modes(frozenset(Market))
    assert info.read(encoded(seen["/v5/account/info"][0]), SYMBOLS) == ""
    xrp = Instrument(symbol="XRP/USDT:USDT", market=Market.PERP, venue_symbol="XRPUSDT")
    ledger = encoded(seen["/v5/account/transaction-log"][0])
    page = account.funding(xrp, account="main", since_ms=1).read(ledger, SYMBOLS)
    (paid,) = page.rows
    assert (paid.amount, paid.asset) == (Decimal("-0.003676"), "USDT")
    assert paid.income_id == "534c0003-4bf7-486f-aa02-78cee36825e4"


@pytest.mark.row("D08")
def test_recorded_private_frames_are_read(recordings: Path) -> None:
    """An execution with its fee, a wallet, an order of a market that is not ours."""
    stream, (connection,) = (
        BybitUserStreamFormat(),
        BybitUserStreamFormat().connections(frozenset(Market)),
    )
    told: dict[str, Any] = {}
    for row in lines(recordings / "conformance" / "jkorf" / "bybit_ws.jsonl"):
        for step in row["steps"]:
            if row["name"].startswith("V5/Private") and step["dir"] == "server_update":
                told[row["name"]] = stream.read(connection, json.dumps(step["frame"]), SYMBOLS)
    (trade,) = told["V5/Private/UserTrades"]
    assert isinstance(trade, TradeView)
    assert (trade.fee, trade.fee_asset, trade.side) == (Decimal("0.005061"), "USDT", Side.SELL)
    (balance,) = told["V5/Private/Balance"]
    assert isinstance(balance, BalanceView)
    assert balance.balance.total == Decimal("0.00102964")
    assert told["V5/Private/Order"] == []
    assert told["V5/Private/Greeks"] is None
    order = {**rows(recordings, "/v5/order/realtime")[0], "category": "linear"}
    frame = {"topic": "order", "creationTime": 1, "data": [order]}
    (seen,) = stream.read(connection, json.dumps(frame), SYMBOLS)  # type: ignore[misc]
    assert isinstance(seen, OrderView)


@pytest.mark.row("D10")
def test_recorded_public_frames_are_read(recordings: Path) -> None:
    """Trades, books, marks with funding; a change of a ticker tells only what has changed."""
    read: dict[str, list[Any]] = {}
    for row in lines(recordings / "conformance" / "tardis_public_frames.jsonl"):
        topic = str(row["frame"].get("topic", "")) if isinstance(row["frame"], dict) else ""
        if "bybit" in row["test"] and topic:
            names = SPOT if "spot" in row["test"] else LINEAR
            read.setdefault(topic, []).append(read_frame(json.dumps(row["frame"]), names))
    trades = [one for frame in read["publicTrade.BTCUSDT"] for one in frame]
    assert {type(one.value) for one in trades} == {Trade}
    assert trades[0].value.quantity == Decimal("0.041732")
    whole, change, *_ = (frame.value for frame in read["orderbook.50.BTCUSDT"])
    assert (whole.whole, change.whole, change.last) == (True, False, whole.last + 1)
    (ticker,) = read["tickers.BTCUSDT"]
    assert isinstance(ticker.value, MarkChange)
    assert ticker.value.mark_price == Decimal("28552.81")
    assert ticker.value.rate is not None
    part = read_frame(
        '{"topic":"tickers.BTCUSDT","type":"delta","ts":5,"data":{"symbol":"BTCUSDT","markPrice":"1"}}',
        LINEAR,
    )
    assert part == SymbolFrame("BTC/USDT:USDT", MarkChange(mark_price=Decimal(1), time_ms=5))
    assert read["liquidation.GALAUSDT"] == [None]


@pytest.mark.row("D01")
def test_a_recorded_candle_is_read(recordings: Path) -> None:
    """A minute that is not over."""
    (row,) = comments(recordings, "parse_ws_ohlcv")
    frame = {"topic": "kline.1.BTCUSDT", "type": "snapshot", "ts": 1, "data": [row]}
    (told,) = read_frame(json.dumps(frame), LINEAR)  # type: ignore[misc]
    assert isinstance(told.value, Candle)
    assert (told.value.open_time_ms, told.value.close) == (1670363160000, Decimal("16987.5"))


@pytest.mark.row("D04", "D05")
def test_recorded_listings_state_filters_and_the_real_interval(recordings: Path) -> None:
    """Filters of both markets; the interval of funding is the listing's, in hours."""
    listed = {
        body["result"]["category"]: row
        for body in bodies(recordings)["/v5/market/instruments-info"]
        for row in body["result"]["list"]
        if row["symbol"] == "BTCUSDT"
    }
    spot = DIALECT.metadata.filters({"info": listed["spot"]}, Market.SPOT)
    assert (spot["quantity_step"], spot["notional_min"]) == (Decimal("0.000001"), Decimal(1))
    perp = DIALECT.metadata.filters({"info": listed["linear"]}, Market.PERP)
    assert (perp["tick_size"], perp["notional_min"]) == (Decimal("0.1"), Decimal(5))
    hours = BybitFeedFormat().funding_hours(frozenset({Market.PERP}))
    assert hours is not None
    answer = encoded(
        {"retCode": 0, "result": {"list": [{**listed["linear"], "fundingInterval": 240}]}}
    )
    assert hours.read(answer, SYMBOLS) == {"BTC/USDT:USDT": 4}


def recorded_book(recordings: Path) -> list[DepthChange]:
    """One whole book and 49 changes of it."""
    path = recordings / "market_raw" / "bybit" / "2024-12-01_XRPUSDT_ob500.data"
    found = [read_frame(line, LINEAR) for line in path.read_text().splitlines() if line]
    changes = [frame.value for frame in found if isinstance(frame, SymbolFrame)]
    assert len(changes) == len(found) == 50
    return [change for change in changes if isinstance(change, DepthChange)]


@pytest.mark.row("D08")
def test_the_recorded_book_is_rebuilt_as_ccxt_rebuilds_it(recordings: Path) -> None:
    """Every change follows the one before it; the book never crosses and ends as ccxt's does."""
    book = DepthBook(spanned)
    theirs: dict[str, dict[Decimal, Decimal]] = {"bids": {}, "asks": {}}
    for change in recorded_book(recordings):
        assert book.change(change)
        for side, levels in (("bids", change.bids), ("asks", change.asks)):
            theirs[side].update(levels)
        bids, asks = book.top(1)
        assert bids[0].price < asks[0].price
    bids, asks = book.top(10)
    for side, top, best in (("bids", bids, max), ("asks", asks, min)):
        living = {price: size for price, size in theirs[side].items() if size}
        assert top[0].price == best(living)
        assert all(living[level.price] == level.quantity for level in top)


@pytest.mark.row("D08")
@pytest.mark.parametrize("cut", [5, 30])
def test_a_line_that_is_missing_is_noticed(recordings: Path, cut: int) -> None:
    """A hole is said at the next line; a line that comes twice is none; a new whole book begins anew."""
    changes, book = recorded_book(recordings), DepthBook(spanned)
    for change in [*changes[:cut], changes[cut - 1]]:
        book.change(change)
    with pytest.raises(DepthGap):
        book.change(changes[cut + 1])
    assert not book.is_live
    assert book.change(changes[0])
    assert book.change(changes[1])
