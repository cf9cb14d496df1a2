"""The fault grammar met by the real client: each fault is classified as what it proves, never as more."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from opensqt.domain.venue import (
    Held,
    InDoubt,
    NotFound,
    OrderView,
    Refused,
    StreamDown,
    StreamUp,
    Throttled,
    TradeView,
    VenueDown,
)
from opensqt.simulation.server import paper
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine import rate_limit
from tests.contract.test_venue_private import hear
from tests.contract.venues import PERP, SPOT, House, open_house

pytestmark = pytest.mark.row("H09")
SYMBOLS = pytest.mark.parametrize("symbol", [SPOT, PERP])
FAR_MS = 3_600_000


@pytest_asyncio.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """Binance over the wire, its listing loaded before anything fails."""
    opened = await open_house("binance", tmp_path)
    await opened.gate.listing.load()
    yield opened
    await opened.close()


def real(house: House) -> paper.PaperVenue:
    """The venue behind the wire."""
    assert house.real is not None
    return house.real


def inject(house: House, fault: FaultName | None = None, kind: str = "", **terms: Any) -> None:
    """Put one fault in force, or none."""
    rules = [] if fault is None else [FaultRule(fault=fault, match=Match(kind=kind), **terms)]
    real(house).server.admin.inject(FaultScript(rules=rules))


async def held(house: House, name: str, symbol: str, **terms: Any) -> OrderView:
    """Place an order that the venue takes."""
    outcome = await house.venue.place(house.request(name, symbol, **terms))
    assert isinstance(outcome, Held), outcome
    assert outcome.order is not None
    return outcome.order


async def looked(house: House, name: str, symbol: str) -> OrderView:
    """Look at an order that the venue shows."""
    outcome = await house.venue.look(symbol, name)
    assert isinstance(outcome, Held), outcome
    assert outcome.order is not None
    return outcome.order


async def trades(house: House, symbol: str) -> list[TradeView]:
    """Our trades of the last minute."""
    since_ms = house.clock.market_ms() - 60_000
    return await house.venue.trades(symbol, after="", since_ms=since_ms)


@SYMBOLS
async def test_a_refusal_told_as_a_timeout_is_in_doubt(
    house: House, tmp_path: Path, symbol: str
) -> None:
    """The venue did nothing and said -1007: for a place and for a cancel that proves nothing."""
    await held(house, "qold", symbol)
    inject(house, FaultName.TIMEOUT_REFUSED, count=2)
    assert isinstance(await house.venue.place(house.request("qone", symbol)), InDoubt)
    assert isinstance(await house.venue.cancel(symbol, "qold"), InDoubt)
    assert [view.client_order_id for view in await house.venue.open_orders(symbol)] == ["qold"]
    rows = [json.loads(line) for line in (tmp_path / paper.AUDIT_FILE).read_text().splitlines()]
    refused = [(row["kind"], row["code"]) for row in rows if row.get("result") == "refused"]
    assert refused == [("place", "-1007"), ("cancel", "-1007")]


@SYMBOLS
@pytest.mark.parametrize("fault", [FaultName.LIMITED, FaultName.BANNED])
async def test_a_limit_bars_everything_for_as_long_as_it_says(
    house: House, symbol: str, fault: FaultName
) -> None:
    """Retry-After is taken over; who does not wait, as a kill's cancel, is refused again."""
    await held(house, "qold", symbol)
    inject(house, fault, "place", count=1, ms=30_000)
    outcome = await house.venue.place(house.request("qone", symbol))
    assert isinstance(outcome, Throttled), outcome
    assert 29_000 < outcome.retry_after_ms <= 31_000
    urgent = await house.venue.cancel(symbol, "qold", urgent=True)
    assert isinstance(urgent, Throttled), urgent
    assert 0 < urgent.retry_after_ms <= 31_000


@SYMBOLS
async def test_a_fill_just_before_the_cancel_is_not_lost(house: House, symbol: str) -> None:
    """Half was filled while the cancel was on its way: the answer, the look and the trades agree."""
    await held(house, "qone", symbol)
    inject(house, FaultName.FILL_BEFORE_CANCEL, "cancel", count=1, share=Decimal("0.5"))
    outcome = await house.venue.cancel(symbol, "qone")
    assert isinstance(outcome, Held), outcome
    assert outcome.order is not None
    view = await looked(house, "qone", symbol)
    (trade,) = await trades(house, symbol)
    for filled in (outcome.order.filled_quantity, view.filled_quantity, trade.quantity):
        assert filled == Decimal("0.005")
    assert (outcome.order.status, view.status) == ("canceled", "canceled")


@SYMBOLS
@pytest.mark.parametrize("raced", [True, False])
async def test_the_cancel_of_a_filled_order_finds_nothing(
    house: House, symbol: str, raced: bool
) -> None:
    """-2011 is `NotFound`, which proves nothing: the look tells that it was filled."""
    await held(house, "qone", symbol, price="59999")
    if raced:
        inject(house, FaultName.FILL_BEFORE_CANCEL, "cancel", count=1)
    else:
        house.trade(symbol, "59998", "1")
    assert isinstance(await house.venue.cancel(symbol, "qone"), NotFound)
    view = await looked(house, "qone", symbol)
    assert (view.status, view.filled_quantity) == ("filled", Decimal("0.01"))


@SYMBOLS
async def test_a_clock_that_steps_refuses_once_and_ours_follows(house: House, symbol: str) -> None:
    """Small skews pass; a venue that stepped refuses one place with -1021, then our clock is set by the venue's."""
    inject(house, FaultName.CLOCK_SKEW, ms=300)
    taken = {"qsmall"}
    await held(house, "qsmall", symbol)
    for skew_ms, name in ((5_000, "qahead"), (-5_000, "qbehind"), (0, "qback")):
        inject(house, FaultName.CLOCK_SKEW, ms=skew_ms)
        outcome = await house.venue.place(house.request(name, symbol))
        assert isinstance(outcome, Refused), outcome
        assert outcome.code == "-1021"
        names = {view.client_order_id for view in await house.venue.open_orders(symbol)}
        assert names == taken
        await held(house, f"{name}2", symbol)
        taken.add(f"{name}2")


@SYMBOLS
async def test_maintenance_answers_nothing_and_says_so_in_its_listing(
    house: House, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places and cancels are in doubt, reads are down, streams are lost; then all come back."""
    monkeypatch.setattr(rate_limit, "RETRY_FIRST_S", 0.01)
    await held(house, "qold", symbol)
    hearing, up = hear(house, StreamUp, 2)
    await up.wait()
    inject(house, FaultName.MAINTENANCE)
    assert isinstance(await house.venue.place(house.request("qone", symbol)), InDoubt)
    assert isinstance(await house.venue.cancel(symbol, "qold"), InDoubt)
    with pytest.raises(VenueDown):
        await house.venue.open_orders(symbol)
    listing = await house.gate.listing.load(reload=True)
    assert listing[symbol]["active"] is False
    assert (await house.gate.clients.client.sapiGetSystemStatus())["status"] in (1, "1")
    inject(house)
    assert (await house.gate.listing.load(reload=True))[symbol]["active"] is True
    assert [view.client_order_id for view in await house.venue.open_orders(symbol)] == ["qold"]
    kinds = [type(event) for event in await hearing if isinstance(event, StreamUp | StreamDown)]
    assert kinds == [StreamUp, StreamDown, StreamUp]


async def test_a_new_grid_refuses_what_lies_off_it(house: House) -> None:
    """Old ticks and steps are refused; an order off the step expired, one off the tick is still there."""
    await held(house, "qstep", PERP, quantity="0.015")
    await held(house, "qtick", PERP, price="59000.1")
    inject(
        house,
        FaultName.PRECISION_CHANGE,
        tick_size=Decimal("0.5"),
        quantity_step=Decimal("0.01"),
    )
    assert [view.client_order_id for view in await house.venue.open_orders(PERP)] == ["qtick"]
    assert (await looked(house, "qstep", PERP)).status == "expired"
    for name, terms in (("qone", {"price": "59000.1"}), ("qtwo", {"quantity": "0.015"})):
        outcome = await house.venue.place(house.request(name, PERP, **terms))  # type: ignore[arg-type]
        assert isinstance(outcome, Refused), outcome
    await held(house, "qnew", PERP, price="59000.5", quantity="0.02")
    rules = await house.gate.listing.rules(PERP, fees=None, reload=True)
    assert (rules.tick_size, rules.quantity_step) == (Decimal("0.5"), Decimal("0.01"))
    assert house.real is not None
    await house.real.stop()
    await house.real.start()
    assert house.real.exchange.rules[PERP].quantity_step == Decimal("0.01")


async def test_a_disconnect_storm_cuts_again_and_again(house: House) -> None:
    """Every loss is said, every return too, and what was placed between is seen by REST."""
    hearing, up = hear(house, StreamDown, 2)
    await up.wait()
    # A second between cuts and no end of them: however slowly a connection comes back, it meets the next one.
    inject(house, FaultName.DISCONNECT_STORM, ms=1000, count=1000)
    await held(house, "qone", SPOT)
    kinds = [type(event) for event in await hearing if isinstance(event, StreamUp | StreamDown)]
    assert kinds == [StreamUp, StreamDown, StreamUp, StreamDown]
    assert (await looked(house, "qone", SPOT)).status == "open"


@SYMBOLS
async def test_reads_of_an_older_world_prove_nothing(house: House, symbol: str) -> None:
    """What is not visible yet is `NotFound`; what the venue shows too late is still shown as it was."""
    inject(house, FaultName.VISIBILITY_LAG, ms=FAR_MS)
    await held(house, "qone", symbol)
    assert isinstance(await house.venue.look(symbol, "qone"), NotFound)
    assert await house.venue.open_orders(symbol) == []
    assert await trades(house, symbol) == []
    inject(house)
    assert (await looked(house, "qone", symbol)).status == "open"
    inject(house, FaultName.STALE_READS, ms=FAR_MS)
    assert isinstance(await house.venue.look(symbol, "qone"), NotFound)
    assert isinstance(await house.venue.cancel(symbol, "qone"), Held)


@pytest.mark.parametrize(
    "terms",
    [
        {"fault": FaultName.FILL_BEFORE_CANCEL, "share": Decimal("1.5")},
        {"fault": FaultName.DISCONNECT_STORM},
        {"fault": FaultName.PRECISION_CHANGE, "tick_size": Decimal(-1)},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(terms: dict[str, Any]) -> None:
    """The text names the field and what it expects."""
    with pytest.raises(ValueError, match=r"share|ms 0|tick_size"):
        FaultRule(**terms)


async def test_a_mute_stream_stays_connected_and_rest_decides(house: House) -> None:
    """No frame comes and no loss is said; the order is there for every read, and later frames are heard."""
    hearing, up = hear(house, OrderView, 1)
    await up.wait()
    inject(house, FaultName.MUTE, "private")
    await held(house, "qmute", SPOT)
    assert (await looked(house, "qmute", SPOT)).status == "open"
    assert real(house).server.streams.attached == 2
    inject(house)
    await held(house, "qheard", SPOT)
    events = await hearing
    assert [e.client_order_id for e in events if isinstance(e, OrderView)] == ["qheard"]
    assert not [event for event in events if isinstance(event, StreamDown)]


async def test_frames_out_of_order_are_passed_on_as_they_came(house: House) -> None:
    """The fill is told before the order: whoever folds must not care."""
    hearing, up = hear(house, OrderView, 2)
    await up.wait()
    inject(house, FaultName.REORDERED_FRAME, "private", count=1)
    await held(house, "qone", SPOT, price="60001")
    views = [event for event in await hearing if isinstance(event, OrderView)]
    assert [view.status for view in views] == ["filled", "open"]
