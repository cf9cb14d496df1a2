"""Recorded answers and frames of Gate through our readers, with the pinned ccxt as second opinion on orders and trades.

ccxt's known errors: it leaves `t-` on ids and takes `apiv4` for one, and any finished order of a perpetual is closed.
"""

import csv
import gzip
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.venue import BalanceView, OrderView, Refusal, TradeView
from opensqt.venues.engine.depth_book import DepthBook, DepthGap, spanned
from opensqt.venues.engine.dialect import StreamSubscribed, UserConnection
from opensqt.venues.engine.feed_format import SubscriptionAccepted, SymbolFrame
from opensqt.venues.gate import holdings, parser, refusals
from opensqt.venues.gate.frames import read_frame, read_whole
from opensqt.venues.gate.metadata import GateMetadata
from opensqt.venues.gate.user_stream import GateUserStreamFormat

pytestmark = pytest.mark.recordings
METADATA = GateMetadata()
SESSIONS = {
    Market.SPOT: "gate_spot_20210422.jsonl.gz",
    Market.PERP: "gate_futures_20230524.jsonl.gz",
}
# What another client calls a label, and what we may call it.
KINDS = {
    "Unauthorized": {Refusal.AUTH, Refusal.ACCOUNT},
    "InvalidTimestamp": {Refusal.CLOCK},
    "InvalidParameter": {Refusal.PARAMETER, Refusal.FILTER, Refusal.ACCOUNT},
    "MissingParameter": {Refusal.PARAMETER},
    "InvalidQuantity": {Refusal.FILTER},
    "InvalidPrice": {Refusal.FILTER},
    "UnknownAsset": {Refusal.SYMBOL},
    "UnknownSymbol": {Refusal.SYMBOL},
    "InsufficientBalance": {Refusal.FUNDS},
    "RejectedOrderConfiguration": {
        Refusal.POST_ONLY,
        Refusal.NOT_FILLABLE,
        Refusal.MARKET_CLOSED,
    },
    "RateLimitOrder": {Refusal.OPEN_ORDERS},
    "NoPosition": {Refusal.REDUCE_ONLY},
    "RiskError": {Refusal.ACCOUNT, Refusal.FUNDS},
}
NEVER_REFUSED = {"SystemError", "UnknownOrder", "IncorrectState", "RateLimitRequest"}


class AnySymbol(dict[str, str]):
    """Knows every instrument by its own name."""

    def __missing__(self, name: str) -> str:
        return f"{name.replace('_', '/')}"

    def __contains__(self, name: object) -> bool:
        return True


SYMBOLS = {market: AnySymbol() for market in Market}


def answers(recordings: Path, name: str) -> Any:
    """The recorded answer of an endpoint."""
    path = recordings / "conformance" / "jkorf" / "gate_rest.jsonl"
    rows = map(json.loads, path.read_text().splitlines())
    return next(row["response"] for row in rows if row["name"] == name)


def frames(recordings: Path, name: str) -> Iterator[dict[str, Any]]:
    """What a venue sent in a recorded dialogue."""
    path = recordings / "conformance" / "jkorf" / "gate_ws.jsonl"
    rows = map(json.loads, path.read_text().splitlines())
    steps = next(row["steps"] for row in rows if row["name"] == name)
    return (step["frame"] for step in steps if step["dir"].startswith("server"))


def session(recordings: Path, market: Market) -> list[dict[str, Any]]:
    """A recorded public session."""
    with gzip.open(recordings / "sessions" / SESSIONS[market], "rt") as file:
        return [json.loads(line) for line in file]


@pytest.mark.row("D01")
@pytest.mark.parametrize("market", Market)
def test_recorded_books_join_their_snapshots_and_a_lost_change_is_noticed(
    recordings: Path, market: Market
) -> None:
    """Every change follows the one before it and the snapshot joins them; without one of them there is a hole."""
    books: dict[str, DepthBook] = {}
    changes: dict[str, list[str]] = {}
    whole: dict[str, str] = {}
    for row in session(recordings, market):
        if row["dir"] == "http":
            name = row["url"].partition("=")[2].partition("&")[0]
            whole.setdefault(name, row["raw"])
        elif row["dir"] == "in" and "order_book_update" in row["raw"]:
            frame = json.loads(row["raw"])
            if frame["event"] == "update":
                changes.setdefault(frame["result"]["s"], []).append(row["raw"])
    joined = 0
    for name, raw in whole.items():
        told = [read_frame(text, AnySymbol(), market) for text in changes[name]]
        assert all(isinstance(one, SymbolFrame) for one in told)
        values: list[Any] = [one.value for one in told if isinstance(one, SymbolFrame)]
        snapshot = read_whole(raw.encode(), market)
        book = books[name] = DepthBook(spanned)
        for value in values:
            book.change(value)
        book.change(snapshot)
        assert book.sequence == max(values[-1].last, snapshot.last)
        bids, asks = book.top(1)
        assert bids[0].price < asks[0].price
        after = [value for value in values if value.first > snapshot.last]
        if len(after) > 2:
            joined += 1
            broken = DepthBook(spanned)
            broken.change(snapshot)
            broken.change(after[0])
            with pytest.raises(DepthGap):
                broken.change(after[2])
    assert joined >= 2


@pytest.mark.row("D01")
@pytest.mark.parametrize(
    "name,market,read,pick",
    [
        ("Spot/Trading/PlaceOrder", Market.SPOT, parser.spot_order, "parse_order"),
        ("Spot/Trading/GetOrders", Market.SPOT, parser.spot_order, "parse_order"),
        ("Spot/Trading/GetUserTrades", Market.SPOT, parser.spot_trade, "parse_trade"),
        ("PerpetualFutures/Trading/PlaceOrder", Market.PERP, parser.perp_order, "parse_order"),
        ("PerpetualFutures/Trading/GetUserTrades", Market.PERP, parser.perp_trade, "parse_trade"),
    ],
)
def test_recorded_orders_and_trades_are_read_as_ccxt_reads_them(
    recordings: Path,
    name: str,
    market: Market,
    read: Callable[[bytes, Any], OrderView | TradeView],
    pick: str,
) -> None:
    """Ids, sides, prices, sizes and what is filled; our id is without its mark."""
    told = answers(recordings, name)
    for row in told if isinstance(told, list) else [told]:
        row.setdefault("currency_pair", "BTC_USDT")
        ours = read(json.dumps(row).encode(), SYMBOLS[market])
        client = ccxt.gate(
            {"options": {"defaultType": "swap" if market is Market.PERP else "spot"}}
        )
        theirs = getattr(client, pick)(row)
        assert ours.side.value == theirs["side"]
        assert ours.price == Decimal(str(theirs["price"]))
        assert ours.quantity == Decimal(str(theirs["amount"]))
        mark = "t-" if str(row["text"]).startswith("t-") else ""
        assert f"{mark}{ours.client_order_id}" == (row["text"] if mark else "")
        if isinstance(ours, OrderView):
            assert ours.venue_order_id == theirs["id"]
            assert ours.filled_quantity == Decimal(str(theirs["filled"]))
        else:
            assert (ours.trade_id, ours.venue_order_id) == (theirs["id"], theirs["order"])
            assert ours.liquidity.value == theirs["takerOrMaker"]
            assert ours.fee == Decimal(str(row["fee"]))


@pytest.mark.row("D01")
def test_recorded_holdings_are_read(recordings: Path) -> None:
    """Both wallets, a short position, fundings by contract and time."""
    spot = holdings.spot_balances(
        json.dumps(answers(recordings, "Spot/Account/GetBalances")).encode()
    )
    assert [(one.asset, one.total) for one in spot] == [("ETH", Decimal("968.8"))]
    told = answers(recordings, "PerpetualFutures/Account/GetAccount")
    perp = holdings.perp_balance(json.dumps(told).encode())
    assert (perp.asset, perp.total) == ("USDT", Decimal("9707.803567115145"))
    held = answers(recordings, "PerpetualFutures/Trading/GetPositions")
    (position,) = holdings.positions(json.dumps(held).encode(), SYMBOLS[Market.PERP])
    assert (position.quantity, position.entry_price) == (Decimal(-9440), Decimal("3779.55"))
    (row,) = answers(recordings, "PerpetualFutures/Account/GetLedger")
    paid = holdings.funding_paid(
        json.dumps({**row, "type": "fund"}).encode(), SYMBOLS[Market.PERP], "main"
    )
    assert paid is not None
    assert (paid.amount, paid.income_id) == (Decimal("0.000010152188"), "ETH_USD:1682294400123")


@pytest.mark.row("D01")
@pytest.mark.parametrize(
    "name,market,kind",
    [
        ("Spot/SubscribeToOrderUpdates", Market.SPOT, OrderView),
        ("Spot/SubscribeToUserTradeUpdates", Market.SPOT, TradeView),
        ("Spot/SubscribeToBalanceUpdates", Market.SPOT, BalanceView),
        ("Futures/SubscribeToOrderUpdates", Market.PERP, OrderView),
        ("Futures/SubscribeToUserTradeUpdates", Market.PERP, TradeView),
        ("Futures/SubscribeToBalanceUpdates", Market.PERP, BalanceView),
    ],
)
def test_recorded_private_dialogues_are_understood(
    recordings: Path, name: str, market: Market, kind: type
) -> None:
    """A subscription is taken, then everything that is pushed is an event of ours."""
    stream = GateUserStreamFormat()
    connection = UserConnection(name=market.value, markets=frozenset({market}))
    taken, *pushed = [
        stream.read(connection, json.dumps(frame), SYMBOLS) for frame in frames(recordings, name)
    ]
    assert isinstance(taken, StreamSubscribed)
    assert pushed
    for events in pushed:
        assert isinstance(events, list)
        assert {type(event) for event in events} == {kind}


@pytest.mark.row("D01")
@pytest.mark.parametrize("market", Market)
@pytest.mark.parametrize("channel", ["Trade", "Kline"])
def test_recorded_public_dialogues_are_understood(
    recordings: Path, market: Market, channel: str
) -> None:
    """A subscription is taken, then trades and candles of a minute are told."""
    section = "Spot" if market is Market.SPOT else "Futures"
    taken, *pushed = [
        read_frame(json.dumps({**frame, "time": 1}), AnySymbol(), market)  # it was the client's
        for frame in frames(recordings, f"{section}/SubscribeTo{channel}Updates")
    ]
    assert isinstance(taken, SubscriptionAccepted)
    if (section, channel) != ("Futures", "Kline"):  # that one is of five minutes
        assert all(isinstance(told, list) and told for told in pushed)


@pytest.mark.row("D04")
@pytest.mark.row("D05")
@pytest.mark.row("D10")
def test_recorded_listings_tell_filters_contract_sizes_and_the_grid_of_funding(
    recordings: Path,
) -> None:
    """Filters are those that ccxt reads; the next funding of each contract is a multiple of its interval."""
    client = ccxt.gate()
    folder = recordings / "instruments"
    with gzip.open(folder / "gate_futures_usdt_contracts_20230524.json.gz") as file:
        contracts = json.load(file)
    assert len(contracts) > 200
    for row in contracts:
        listed = client.parse_contract_market(row, "usdt")
        told = METADATA.filters(listed, Market.PERP)
        assert told["tick_size"] == Decimal(str(listed["precision"]["price"]))
        assert told["quantity_step"] == Decimal(str(listed["precision"]["amount"]))
        assert told["quantity_min"] == Decimal(str(listed["limits"]["amount"]["min"]))
        assert Decimal(row["quanto_multiplier"]) == Decimal(str(listed["contractSize"]))
        assert row["funding_next_apply"] % row["funding_interval"] == 0
    with gzip.open(folder / "gate_spot_currency_pairs_20210422.json.gz") as file:
        pairs = json.load(file)
    for row in pairs:
        told = METADATA.filters({"info": row}, Market.SPOT)
        assert told["tick_size"] == Decimal(1).scaleb(-row["precision"])
        assert told["quantity_step"] == Decimal(1).scaleb(-row["amount_precision"])


@pytest.mark.row("C04")
def test_the_table_of_refusals_agrees_with_another_client(recordings: Path) -> None:
    """What is an error of theirs, a limit or an unknown order there is no refusal here; the kinds of the rest agree."""
    kinds = {row.label: row.kind for row in refusals.ROWS}
    assert not set(kinds) & {*refusals.GONE, *refusals.THROTTLES, *refusals.IN_DOUBT}
    with (recordings / "errors" / "ccxt_exception_map.csv").open() as file:
        known = {row[1] for row in csv.reader(file) if row[0] == "gate"}
    seen, wrong = 0, []
    with (recordings / "errors" / "jkorf_error_categories.csv").open() as file:
        for row in csv.reader(file):
            if row[0] != "gate" or row[1] != "RestErrors":
                continue
            known.add(row[2])
            kind, category = kinds.get(row[2]), row[3]
            if kind is None:
                continue
            seen += 1
            if category in NEVER_REFUSED or kind not in KINDS[category]:
                wrong.append((row[2], category, kind))
    assert wrong == []
    assert seen > 30
    assert set(kinds) <= known, "no label is invented"
