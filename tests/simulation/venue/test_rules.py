"""Signatures, the recvWindow rule, rate limits, listings, funding arithmetic and the wallet's identity."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.simulation.dialects.binance.limits import IGNORED_MAX, SPOT_LIMITS, RateMeter
from opensqt.simulation.dialects.binance.numbers import eight
from opensqt.simulation.dialects.binance.signature import (
    Keyring,
    check_time,
    signed_payload,
)
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.engine.orders import GATE_IDENTITY
from opensqt.simulation.engine.wallets import MarginPosition, rounded
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.dialect import ApiKey
from opensqt.simulation.server.numbers import grid, plain
from opensqt.simulation.server.paper import PaperVenue
from tests.simulation.venue.scripted import (
    PERP,
    SPOT,
    Client,
    ScriptedFlow,
    TestClock,
    d,
    play,
    setup,
    trade,
)

# The venue's own documented example.
SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
PAYLOAD = (
    "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC&quantity=1&price=0.1"
    "&recvWindow=5000&timestamp=1499827319559"
)
SIGNATURE = "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"


@pytest.mark.row("D03")
def test_the_documented_signature_is_accepted_and_any_other_is_not() -> None:
    """The venue's documented vector verifies, in body, query or both; one changed digit does not."""
    keyring = Keyring({"main": ApiKey(api_key=API_KEY, secret=SECRET)})
    assert keyring.account(API_KEY) == "main"
    keyring.verify(API_KEY, signed_payload("", f"{PAYLOAD}&signature={SIGNATURE}"), SIGNATURE)
    keyring.verify(API_KEY, signed_payload(f"{PAYLOAD}&signature={SIGNATURE}", ""), SIGNATURE)
    with pytest.raises(VenueError, match="-1022"):
        keyring.verify(API_KEY, PAYLOAD.replace("price=0.1", "price=0.2"), SIGNATURE)
    with pytest.raises(VenueError, match="-2015"):
        keyring.account("somebody-else")
    assert SECRET not in repr(ApiKey(api_key=API_KEY, secret=SECRET))


@pytest.mark.parametrize(
    "stamp,window,code",
    [
        (10_999, "5000", 0),
        (11_000, "5000", -1021),
        (5_000, "5000", 0),
        (4_999, "5000", -1021),
        (5_000, "", 0),
        (4_999, "", -1021),
        (9_000, "60001", -1131),
    ],
)
def test_the_receive_window_is_the_venues(stamp: int, window: str, code: int) -> None:
    """Timestamp < now + 1000 and now - timestamp <= recvWindow, at market time 10000."""
    params = {"timestamp": str(stamp), "recvWindow": window}
    if code == 0:
        check_time(params, 10_000)
        return
    with pytest.raises(VenueError, match=str(code)):
        check_time(params, 10_000)


async def test_a_late_request_is_refused_and_audited(
    spot: Client, venue: PaperVenue, clock: TestClock
) -> None:
    """A request signed before the deadline and arriving after it places nothing."""
    request = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    late = {**request, "quantity": "0.01", "price": "59000", "recvWindow": 500}
    with pytest.raises(ccxt.InvalidNonce):
        await spot.ccxt.private_post_order({**late, "timestamp": clock.market_ms() - 600})
    assert not venue.exchange.open.get(("main", SPOT))
    last = (await _audit_rows(venue))[-1]
    assert (last["kind"], last["result"], last["code"]) == ("place", "refused", "-1021")


async def _audit_rows(venue: PaperVenue) -> list[dict[str, Any]]:
    path = venue._setup.folder / "venue-audit.jsonl"
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


async def test_a_wrong_secret_and_an_unknown_key_are_told_apart(
    venue: PaperVenue, clock: TestClock
) -> None:
    """-1022 for the signature, -2015 for the key."""
    client = Client(venue, "spot", clock)
    client.ccxt.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        await client.ccxt.private_get_account()
    client.ccxt.apiKey = "unknown"
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        await client.ccxt.private_get_account()
    await client.close()


def test_weight_is_counted_refused_and_at_last_banned() -> None:
    """Over the weight 429 with Retry-After; who goes on gets 418; a new minute forgives the 429."""
    meter = RateMeter(SPOT_LIMITS)
    meter.weigh(SPOT_LIMITS.weight_max, 60_000)
    with pytest.raises(VenueError) as limited:
        meter.weigh(1, 61_000)
    assert (limited.value.status, limited.value.headers["Retry-After"]) == (429, "59")
    meter.weigh(1, 120_000)
    assert meter.headers("main", orders=False)["X-MBX-USED-WEIGHT-1M"] == "1"
    meter.weigh(SPOT_LIMITS.weight_max - 1, 120_000)
    for _ in range(IGNORED_MAX):
        with pytest.raises(VenueError, match="-1003"):
            meter.weigh(1, 121_000)
    with pytest.raises(VenueError) as banned:
        meter.weigh(1, 121_000)
    assert banned.value.status == 418
    with pytest.raises(VenueError):
        meter.weigh(1, 200_000)


def test_orders_are_counted_per_account() -> None:
    """The hundred-and-first order of ten seconds is refused with -1015."""
    meter = RateMeter(SPOT_LIMITS)
    meter.count_orders("main", 100, 0)
    with pytest.raises(VenueError, match="-1015"):
        meter.count_orders("main", 1, 9_000)
    meter.count_orders("other", 1, 9_000)
    meter.count_orders("main", 1, 10_000)
    assert meter.headers("main", orders=True)["X-MBX-ORDER-COUNT-10S"] == "1"


async def test_headers_tell_the_use(spot: Client) -> None:
    """The client can read weight and order counts from every answer."""
    await spot.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d("59000"))
    headers = {name.upper(): value for name, value in spot.ccxt.last_response_headers.items()}
    assert int(headers["X-MBX-USED-WEIGHT-1M"]) > 0
    assert headers["X-MBX-ORDER-COUNT-10S"] == "1"


async def test_fills_are_paged_by_id_and_time(perp: Client, venue: PaperVenue) -> None:
    """FromId pages forward without a hole or a double; startTime bounds; the default is the latest."""
    await perp.ccxt.create_order(PERP, "limit", "buy", d("1"), d("60000"))
    for _ in range(7):
        play(venue, trade(PERP, "59999", "0.1", Side.SELL))
    whole = await perp.ccxt.fapiPrivateGetUserTrades({"symbol": "BTCUSDT"})
    ids = [row["id"] for row in whole]
    assert len(ids) == 7 == len(set(ids))
    paged: list[Any] = []
    from_id = 0
    while page := await perp.ccxt.fapiPrivateGetUserTrades(
        {"symbol": "BTCUSDT", "fromId": from_id, "limit": 3}
    ):
        paged += [row["id"] for row in page]
        from_id = int(page[-1]["id"]) + 1
    assert paged == ids
    latest = await perp.ccxt.fapiPrivateGetUserTrades({"symbol": "BTCUSDT", "limit": 2})
    assert [row["id"] for row in latest] == ids[-2:]
    future = int(whole[-1]["time"]) + 1
    assert (
        await perp.ccxt.fapiPrivateGetUserTrades({"symbol": "BTCUSDT", "startTime": future}) == []
    )


async def test_a_reduce_only_order_ends_with_its_position(perp: Client, venue: PaperVenue) -> None:
    """When the position is gone the exit that rests behind it expires."""
    await perp.ccxt.create_order(PERP, "market", "buy", d("0.1"))
    exit_order = await perp.ccxt.create_order(
        PERP, "limit", "sell", d("0.1"), d("61000"), {"reduceOnly": True}
    )
    await perp.ccxt.create_order(PERP, "market", "sell", d("0.1"), None, {"reduceOnly": True})
    assert (await perp.ccxt.fetch_order(exit_order["id"], PERP))["status"] == "expired"
    assert not venue.exchange.open["main", PERP]


def test_funding_boundaries_are_counted_once() -> None:
    """A boundary belongs to the step that reaches it; several may pass in one step."""
    terms = FundingTerms(interval_hours=8)
    hour = 3_600_000
    assert terms.next_ms(0) == 8 * hour
    assert terms.boundaries(0, 8 * hour - 1) == []
    assert terms.boundaries(8 * hour - 1, 8 * hour) == [8 * hour]
    assert terms.boundaries(8 * hour, 24 * hour) == [16 * hour, 24 * hour]


fills = st.tuples(
    st.sampled_from(Side),
    st.integers(1, 10**9).map(lambda n: Decimal(n) / 100),
    st.integers(1, 5000),
)


@given(st.lists(fills, min_size=1, max_size=30))
def test_a_position_realises_what_its_fills_earned(run: list[tuple[Side, Decimal, int]]) -> None:
    """Closed flat at the end, realised PnL is the cash of all fills, up to the rounding of each."""
    position, cash = MarginPosition(), ZERO
    realized = ZERO
    for side, price, milli in run:
        quantity = Decimal(milli) / 1000
        realized += position.trade(side, price, quantity)
        cash -= price * quantity * side.sign
    if position.quantity != 0:
        side = Side.SELL if position.quantity > 0 else Side.BUY
        last, quantity = run[-1][1], abs(position.quantity)
        realized += position.trade(side, last, quantity)
        cash -= last * quantity * side.sign
    assert position.quantity == 0
    assert abs(realized - cash) <= Decimal("0.0000001") * (len(run) + 1)
    assert realized == rounded(realized) == position.realized_pnl


async def test_gate_rules_are_a_policy_away(tmp_path: Path, clock: TestClock) -> None:
    """No uniqueness: the same id places twice; by-id queries find pending orders only."""
    venue = PaperVenue(
        msgspec.structs.replace(setup(tmp_path), policy=GATE_IDENTITY), ScriptedFlow(), clock
    )
    await venue.start()
    client = Client(venue, "spot", clock)
    same = {"clientOrderId": "same"}
    for _ in range(2):
        await client.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d("59000"), same)
    assert len(await client.ccxt.fetch_open_orders(SPOT)) == 2
    await client.ccxt.fetch_order(None, SPOT, same)
    await client.ccxt.cancel_all_orders(SPOT)
    with pytest.raises(ccxt.OrderNotFound):
        await client.ccxt.fetch_order(None, SPOT, same)
    listed = await client.ccxt.fetch_orders(SPOT)
    assert [(order["clientOrderId"], order["status"]) for order in listed] == [
        ("same", "canceled")
    ] * 2
    await client.close()
    await venue.stop()


def test_numbers_are_written_as_the_venue_writes_them() -> None:
    """Eight digits on spot, the grid's digits on perps, no exponent anywhere."""
    assert eight(d("0.1")) == "0.10000000"
    assert grid(d("5"), d("0.001")) == "5.000"
    assert grid(d("60000"), d("10")) == "60000"
    assert plain(Decimal("1E+3")) == "1000"
    assert plain(d("0.000000010")) == "0.00000001"
