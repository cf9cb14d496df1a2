"""Every recorded answer and frame of OKX goes through our readers, with ccxt's own as the second opinion.

ccxt is wrong where `KNOWN` says so; everything else that both tell must be equal.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from opensqt.domain.instruments import Market
from opensqt.domain.order_events import Liquidity
from opensqt.domain.venue import BalanceView, EndReason, OrderView, TradeView
from opensqt.venues.engine.dialect import StreamSubscribed
from opensqt.venues.engine.instrument import Instrument
from opensqt.venues.okx.account import OkxAccountEndpoints
from opensqt.venues.okx.dialect import DIALECT
from opensqt.venues.okx.metadata import OkxMetadata
from opensqt.venues.okx.parser import read_order, read_trade
from tests.unit.venues.okx_recordings import SYMBOLS, Recorded

pytestmark = pytest.mark.recordings
SPOT = Instrument(symbol="BTC/USDT", market=Market.SPOT, venue_symbol="BTC-USDT")
PERP = Instrument(
    symbol="BTC/USDT:USDT",
    market=Market.PERP,
    venue_symbol="BTC-USDT-SWAP",
    contract_size=Decimal("0.01"),
)
# What ccxt 4.5.90 reads wrongly, and what stands there really.
KNOWN = {
    "fee of a frame": "parse_trade takes `fee`, the sum over the order, for the fee of the last trade",
    "free": "parse_trading_balance takes the available equity, gains that are not realised included",
}


@pytest.fixture
def recorded(recordings: Path) -> Recorded:
    """The recordings."""
    return Recorded(recordings)


@pytest.fixture
def second() -> Any:
    """ccxt, which knows the instruments of the recordings."""
    client = ccxt.okx()
    client.number = str
    common = {"instType": "SPOT", "state": "live", "tickSz": "0.1", "lotSz": "0.00000001"}
    spot = {
        **common,
        "instId": "BTC-USDT",
        "baseCcy": "BTC",
        "quoteCcy": "USDT",
        "minSz": "0.00001",
    }
    swap = {
        **common,
        "instType": "SWAP",
        "instId": "BTC-USDT-SWAP",
        "uly": "BTC-USDT",
        "settleCcy": "USDT",
        "ctType": "linear",
        "ctVal": "0.01",
        "ctMult": "1",
        "ctValCcy": "BTC",
        "lotSz": "0.01",
        "minSz": "0.01",
    }
    client.set_markets([client.parse_market(one) for one in (spot, swap)])
    return client


def of_ours(row: dict[str, Any]) -> bool:
    """Tell whether a row is of an instrument that we list."""
    return any(row.get("instId") in known for known in SYMBOLS.values())


@pytest.mark.row("D01")
def test_orders_are_read_as_ccxt_reads_them(recorded: Recorded, second: Any) -> None:
    """Ids, side, price, size, filled and state of every recorded order, whatever listed it."""
    paths = ("trade/order", "trade/orders-history", "trade/orders-pending")
    found = [row for row in recorded.rows(*paths) if of_ours(row)]
    found += [row for payload in recorded.samples for row in _orders(payload)]
    assert len(found) >= 4
    states = {"open": "open", "closed": "filled", "canceled": "canceled"}
    for row in found:
        ours, theirs = read_order(json.dumps(row).encode(), SYMBOLS), second.parse_order(row)
        assert (ours.venue_order_id, ours.symbol, ours.side.value, ours.status) == (
            theirs["id"],
            theirs["symbol"],
            theirs["side"],
            states[theirs["status"]],
        )
        assert ours.filled_quantity == Decimal(theirs["filled"])
        assert ours.price == Decimal(row["px"] or 0)
        if row.get("tgtCcy") != "quote_ccy":  # an amount of the quote asset, which we never send
            assert ours.quantity == Decimal(theirs["amount"])


def _orders(payload: dict[str, Any]) -> list[dict[str, Any]]:
    rows = payload.get("data", [])
    rows = rows if isinstance(rows, list) else []
    return [
        row
        for row in [payload, *rows]
        if isinstance(row, dict)
        and {"ordId", "state", "sz", "uTime", "accFillSz"} <= row.keys()
        and of_ours(row)
    ]


@pytest.mark.row("D01")
def test_trades_are_read_as_ccxt_reads_them(recorded: Recorded, second: Any) -> None:
    """Price, size, side, liquidity and the fee with its sign of every recorded trade of ours."""
    found = [row for row in recorded.rows("trade/fills", "trade/fills-history") if of_ours(row)]
    assert found
    for row in found:
        ours, theirs = read_trade(json.dumps(row).encode(), SYMBOLS), second.parse_trade(row)
        assert (ours.trade_id, ours.venue_order_id, ours.cursor) == (
            theirs["id"],
            theirs["order"],
            row["billId"],
        )
        assert (ours.price, ours.quantity) == (Decimal(theirs["price"]), Decimal(theirs["amount"]))
        assert (ours.fee, ours.fee_asset) == (
            Decimal(theirs["fee"]["cost"]),
            theirs["fee"]["currency"],
        )
        assert (ours.liquidity is Liquidity.TAKER) == (theirs["takerOrMaker"] == "taker")


@pytest.mark.row("D01", "F10")
def test_the_account_is_read_as_ccxt_reads_it(recorded: Recorded, second: Any) -> None:
    """Wallet, positions, fees and modes of the recorded answers; what we pay is positive."""
    account = OkxAccountEndpoints()
    (answer,) = recorded.answers["account/balance"]
    part = account.balances(frozenset(Market))["wallet"].read(json.dumps(answer).encode(), SYMBOLS)
    theirs = second.parse_trading_balance(answer)
    (usdt,) = part.balances
    assert (usdt.asset, usdt.total) == ("USDT", Decimal("4850.435693622894"))
    assert usdt.free == Decimal("4834.317093622894")
    assert theirs["USDT"]["free"] == answer["data"][0]["details"][0]["availEq"], KNOWN["free"]
    assert part.margin_health is not None
    assert round(part.margin_health, 8) == Decimal("0.99999304")  # 1 - 1 / 143 682.6
    wallet = account.balances(frozenset(Market))["wallet"].read
    for whole, of_an_asset, health in (("2", "4", "0.5"), ("", "4", "0.75"), ("", "", None)):
        answer["data"][0]["mgnRatio"] = whole
        answer["data"][0]["details"][0]["mgnRatio"] = of_an_asset
        told = wallet(json.dumps(answer).encode(), SYMBOLS).margin_health
        assert told == (None if health is None else Decimal(health))
    (fees,) = recorded.answers["account/trade-fee"]
    assert account.fees(SPOT).read(json.dumps(fees).encode(), SYMBOLS) == (
        Decimal("0.0008"),
        Decimal("0.001"),
    )
    (config,) = recorded.answers["account/config"]
    (modes,) = account.modes(frozenset(Market))
    assert modes.read(json.dumps(config).encode(), SYMBOLS) == ""
    config["data"][0]["posMode"] = "long_short_mode"
    assert "Position mode to Net" in modes.read(json.dumps(config).encode(), SYMBOLS)
    config["data"][0]["acctLv"] = "1"
    assert "Account mode" in modes.read(json.dumps(config).encode(), SYMBOLS)
    (positions,) = recorded.answers["account/positions"]
    read = account.balances(frozenset(Market))["positions"].read
    assert (
        read(json.dumps(positions).encode(), SYMBOLS).positions == ()
    )  # of a future, none of ours
    positions["data"][0] |= {"instId": "BTC-USDT-SWAP", "pos": "-3", "posSide": "net"}
    (held,) = read(json.dumps(positions).encode(), SYMBOLS).positions
    assert (held.symbol, held.quantity, held.entry_price) == (
        "BTC/USDT:USDT",
        Decimal(-3),
        Decimal("2566.31"),
    )


@pytest.mark.row("D01")
def test_time_and_filters_are_read(recorded: Recorded, second: Any) -> None:
    """The venue's clock in ms, and tick, lot and least size as they were listed."""
    (time,) = recorded.answers["public/time"]
    clock = OkxMetadata().clock(Market.SPOT)
    assert clock.read(json.dumps(time).encode(), SYMBOLS) == 1_597_026_383_085
    (listed,) = recorded.rows("public/instruments")
    filters = OkxMetadata().filters(second.parse_market(listed), Market.SPOT)
    assert (filters["tick_size"], filters["quantity_step"], filters["quantity_min"]) == (
        Decimal("0.1"),
        Decimal("0.00000001"),
        Decimal("0.00001"),
    )


@pytest.mark.row("D08")
def test_private_frames_are_read_whatever_type_their_channel_says(
    recorded: Recorded, second: Any
) -> None:
    """The recorded order frame says FUTURES and is of spot; its trade carries its own fee, which ccxt gets wrong."""
    stream = DIALECT.stream
    (connection,) = stream.connections(frozenset(Market))
    told: list[Any] = []
    for frame in recorded.frames:
        if frame.get("event") in ("login", "subscribe") or frame.get("arg", {}).get("channel") in (
            "orders",
            "account",
        ):
            heard = stream.read(connection, json.dumps(frame), SYMBOLS)
            told += heard if isinstance(heard, list) else [heard]
    assert any(isinstance(one, StreamSubscribed) for one in told)
    (trade,) = [one for one in told if isinstance(one, TradeView)]
    (order,) = [one for one in told if isinstance(one, OrderView)]
    assert (order.symbol, order.status, order.filled_quantity) == (
        "BTC/USDT",
        "filled",
        Decimal("0.001"),
    )
    assert (trade.fee, trade.fee_asset, trade.liquidity) == (
        Decimal("0.02522168"),
        "USDT",
        Liquidity.MAKER,
    )
    (balance,) = [one for one in told if isinstance(one, BalanceView)]
    assert (balance.balance.asset, balance.balance.total) == ("USDT", Decimal("4750.426970691436"))
    row = next(
        f["data"][0]
        for f in recorded.frames
        if f.get("arg", {}).get("channel") == "orders" and "data" in f
    )
    second_fill = {**row, "fee": "-0.05", "fillFee": "-0.02522168"}
    assert Decimal(second.parse_trade(second_fill)["fee"]["cost"]) == Decimal("0.05"), KNOWN[
        "fee of a frame"
    ]


@pytest.mark.parametrize(
    "source,reason",
    [
        ("31", EndReason.POST_ONLY),
        ("32", EndReason.SELF_TRADE),
        ("1", ""),
        ("99", "cancel_source_99"),
    ],
)
def test_why_an_order_ended_is_a_word(recorded: Recorded, source: str, reason: str) -> None:
    """Where the source is known; its number where it is not."""
    row = {**recorded.rows("trade/order")[0], "state": "canceled", "cancelSource": source}
    assert read_order(json.dumps(row).encode(), SYMBOLS).reason == reason
