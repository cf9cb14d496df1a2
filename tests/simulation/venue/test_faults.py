"""Each fault does what its name says, and the audit tells what really happened."""

import asyncio
import json
from pathlib import Path
from typing import Any

import aiohttp
import ccxt
import pytest

from opensqt.domain.instruments import Side
from opensqt.simulation.server.faults import FaultName, FaultRule, Faults, FaultScript, Match
from opensqt.simulation.server.paper import PaperVenue
from tests.conditions import until
from tests.simulation.venue.scripted import (
    SPOT,
    Client,
    TestClock,
    attached,
    d,
    play,
    trade,
    within,
)


async def inject(client: Client, *rules: dict[str, Any]) -> list[Any]:
    """Load rules over the admin page."""
    script = {"rules": list(rules), "seed": 1}
    async with client.session.post("https://venue.admin/admin/faults", json=script) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.json())["faults"]  # type: ignore[no-any-return]


def audit(folder: Path, kind: str) -> list[dict[str, str]]:
    """The audit's rows of one kind."""
    rows = [json.loads(line) for line in (folder / "venue-audit.jsonl").read_text().splitlines()]
    return [row for row in rows if row["kind"] == kind]


async def place(client: Client, client_id: str, price: str = "59000") -> Any:
    """Place a resting spot buy."""
    params = {"clientOrderId": client_id}
    return await client.ccxt.create_order(SPOT, "limit", "buy", d("0.01"), d(price), params)


@pytest.mark.row("H09")
async def test_a_lost_ack_is_an_accepted_order_without_an_answer(
    spot: Client, tmp_path: Path
) -> None:
    """The client sees a broken connection; venue and audit hold exactly one order."""
    await inject(spot, {"fault": "lost_ack", "match": {"kind": "place"}, "count": 1})
    with pytest.raises(ccxt.NetworkError):
        await place(spot, "lost")
    assert [row["client_order_id"] for row in audit(tmp_path, "place")] == ["lost"]
    assert (await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "lost"}))["status"] == "open"


async def test_a_lost_request_never_happened(spot: Client, tmp_path: Path) -> None:
    """The client sees a broken connection; nothing was accepted."""
    await inject(spot, {"fault": "lost_request", "match": {"kind": "place"}, "count": 1})
    with pytest.raises(ccxt.NetworkError):
        await place(spot, "never")
    assert audit(tmp_path, "place") == []


@pytest.mark.parametrize(
    "fault,accepted",
    [("error_5xx_after_accept", 1), ("error_5xx_refused", 0), ("429", 0), ("418", 0)],
)
async def test_errors_before_and_after_acceptance(
    spot: Client, tmp_path: Path, fault: str, accepted: int
) -> None:
    """A 503 may or may not have executed; 429 and 418 never have."""
    await inject(spot, {"fault": fault, "match": {"kind": "place"}, "count": 1})
    with pytest.raises(ccxt.BaseError):
        await place(spot, "doubt")
    rows = [row for row in audit(tmp_path, "place") if row["result"] == "accepted"]
    assert len(rows) == accepted


async def test_a_late_ack_comes_late(spot: Client) -> None:
    """The order is in the book long before its answer."""
    await inject(spot, {"fault": "late_ack", "match": {"kind": "place"}, "ms": 400, "count": 1})
    placing = asyncio.create_task(place(spot, "late"))
    order = None
    while order is None:
        try:
            order = await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "late"})
        except ccxt.OrderNotFound:
            continue
    assert not placing.done()
    assert (await within(5, placing))["status"] == "open"


async def test_a_new_order_may_be_invisible_for_a_while(spot: Client, clock: TestClock) -> None:
    """Visibility lag: by-id query and listings do not see it, then they do."""
    await inject(spot, {"fault": "visibility_lag", "ms": 5000})
    await place(spot, "fresh")
    with pytest.raises(ccxt.OrderNotFound):
        await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "fresh"})
    assert await spot.ccxt.fetch_open_orders(SPOT) == []
    clock.skip(5000)
    assert len(await spot.ccxt.fetch_open_orders(SPOT)) == 1


async def test_stale_reads_show_the_world_as_it_was(spot: Client, clock: TestClock) -> None:
    """A cancelled order is still open for a reader who is late."""
    await place(spot, "old")
    clock.skip(2000)
    await spot.ccxt.cancel_order(None, SPOT, {"clientOrderId": "old"})
    await inject(spot, {"fault": "stale_reads", "ms": 1000})
    assert [order["status"] for order in await spot.ccxt.fetch_open_orders(SPOT)] == ["open"]
    assert (await spot.ccxt.fetch_order(None, SPOT, {"clientOrderId": "old"}))["status"] == "open"
    clock.skip(1500)
    assert await spot.ccxt.fetch_open_orders(SPOT) == []


async def raw_reports(client: Client, venue: PaperVenue, seen: list[dict[str, Any]]) -> None:
    """Collect the raw order frames that reach a client."""

    def collect(_connection: Any, message: dict[str, Any]) -> None:
        seen.append(message)

    client.ccxt.handle_order_update = collect
    watching = asyncio.create_task(client.ccxt.watch_orders(SPOT))
    await client.listening("orders")
    await attached(venue, 1)
    watching.cancel()


@pytest.mark.parametrize(
    "fault,told",
    [
        ("duplicate_frame", ["NEW", "NEW", "TRADE", "TRADE"]),
        ("reordered_frame", ["TRADE", "NEW"]),
        ("dropped_frame", []),
        ("mute", []),
    ],
)
async def test_stream_faults(spot: Client, venue: PaperVenue, fault: str, told: list[str]) -> None:
    """Private frames of orders come twice, in the wrong order, or not at all; the socket stays."""
    seen: list[dict[str, Any]] = []
    await raw_reports(spot, venue, seen)
    if fault == "reordered_frame":
        await inject(spot, {"fault": fault, "match": {"kind": "private"}, "count": 1})
    else:
        await inject(spot, {"fault": fault, "match": {"kind": "private"}})
    await place(spot, "told", "59999.5")
    play(venue, trade(SPOT, "59999", "1", Side.SELL))
    await inject(spot)
    await spot.ccxt.create_order(
        SPOT, "limit", "buy", d("0.01"), d("50000"), {"clientOrderId": "last"}
    )
    await until(lambda: any(report["c"] == "last" for report in seen))
    assert [report["x"] for report in seen if report["c"] == "told"] == told
    assert venue.server.streams.attached == 1


@pytest.mark.row("H09")
async def test_disconnect_cuts_the_streams_and_they_come_back(
    spot: Client, venue: PaperVenue
) -> None:
    """The watcher fails, and watching again works."""
    watching = asyncio.create_task(spot.ccxt.watch_orders(SPOT))
    await spot.listening("orders")
    await attached(venue, 1)
    await inject(spot, {"fault": "disconnect"})
    with pytest.raises(ccxt.NetworkError):
        await within(5, watching)
    again = asyncio.create_task(spot.ccxt.watch_orders(SPOT))
    await until(lambda: venue.server.streams.attached == 1)
    await spot.listening("orders")
    await place(spot, "back")
    assert (await within(5, again))[-1]["clientOrderId"] == "back"


async def test_the_admin_page_refuses_what_it_does_not_know(spot: Client) -> None:
    """A misspelt fault is named in the answer, and health is there."""
    script = {"rules": [{"fault": "lost_akc"}]}
    async with spot.session.post("https://venue.admin/admin/faults", json=script) as answer:
        assert answer.status == 400
        assert "lost_akc" in (await answer.json())["error"]
    async with spot.session.get("https://venue.admin/healthz") as answer:
        assert await answer.json() == {"ready": True}


def test_chances_are_seeded_and_counts_are_kept() -> None:
    """The same seed draws the same faults; skip and count bound a rule."""
    rule = FaultRule(fault=FaultName.LOST_ACK, probability=0.3)
    occasion = Match(kind="place")

    def drawn(seed: int) -> list[bool]:
        faults = Faults(FaultScript(rules=[rule], seed=seed))
        return [faults.draw([FaultName.LOST_ACK], occasion) is not None for _ in range(50)]

    assert drawn(1) == drawn(1) != drawn(2)
    bounded = Faults(FaultScript(rules=[FaultRule(fault=FaultName.MUTE, skip=2, count=1)]))
    assert [bounded.draw([FaultName.MUTE], occasion) is not None for _ in range(5)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert bounded.met == [1]


async def test_a_session_without_the_authority_is_refused(venue: PaperVenue) -> None:
    """TLS is real: a client that does not know the local authority cannot connect."""
    async with aiohttp.ClientSession() as stranger:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await stranger.get(f"https://127.0.0.1:{venue.port}/api/v3/ping")
