"""Corrections of what is held, through the executor: its caps know them, at the start and while it runs, each once."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.control import FeedGeneration
from opensqt.domain.instruments import Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.journal import Entry, NewEvent, Recorded
from opensqt.domain.messages import Event
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import Adjustment, reversed_by
from opensqt.domain.strategy_events import PositionAdopted
from opensqt.domain.subjects import subject_of
from opensqt.execution.caps import Caps
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import MESSAGE_ID, Envelope
from opensqt.runtime.journal.reading import envelope_of
from services.executor.corrections import READ_EVERY_S
from services.executor.service import Executor
from tests.component.rig import START_MS, SYMBOL, Rig

STRATEGY = "grid-perp"
SIZE = Decimal("0.050")
TAKING: dict[str, Any] = {"price": Decimal("50100.0"), "time_in_force": TimeInForce.IOC}


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory that may hold 0.1 bitcoin and no more."""
    rig = Rig(tmp_path)
    rig.caps = Caps(orders_max=50, order_notional_max=Decimal(4000), notional_max=Decimal(5010))
    return rig


def _adjustment(quantity: str, **changes: Any) -> Adjustment:
    values: dict[str, Any] = {
        "venue": "binance",
        "account": "main",
        "symbol": SYMBOL,
        "strategy": STRATEGY,
        "quantity": Decimal(quantity),
        "evidence_hash": "aa",
        "detail": "no trade explains it; two looks agree",
        "time_ms": START_MS,
    }
    return Adjustment(**(values | changes))


def _adopted(quantity: str) -> PositionAdopted:
    return PositionAdopted(
        strategy=STRATEGY,
        venue="binance",
        account="main",
        symbol=SYMBOL,
        quantity=Decimal(quantity),
        entry_price=Decimal(50_000),
        time_ms=START_MS,
    )


def _record(rig: Rig, message: Event) -> Recorded:
    """Write a fact into the journal, as the reconciler or a strategy does."""
    number = len(rig.store.rows)
    adopts = isinstance(message, PositionAdopted)
    event = NewEvent(
        event_id=f"corrected-{number}",
        stream=f"strategy/{STRATEGY}" if adopts else "recon/binance/main",
        message=message,
        subject=subject_of(message),
        actor="test",
        occurred_at_ms=START_MS,
    )
    rig.store.append(Entry(events=(event,)))
    return rig.store.rows[-1]


async def _publish(rig: Rig, row: Recorded, **headers: str) -> None:
    """Publish a row, as the relay does."""
    await rig.bus.send(row.subject, row.data, envelope_of(row).headers() | headers)
    await rig.clock.run_for(0.5)


async def _tell(rig: Rig, message: Event) -> Recorded:
    row = _record(rig, message)
    await _publish(rig, row)
    return row


async def _bought(rig: Rig) -> None:
    assert await _send(rig, 1, Side.BUY) is OrderStatus.FILLED


async def _send(rig: Rig, number: int, side: Side, quantity: Decimal = SIZE) -> OrderStatus:
    """Let an approval come that the venue fills at once, and return where its order stands then."""
    price = Decimal(50_000) + side.sign * 100
    intent = rig.place(number, side=side, quantity=quantity, **TAKING | {"price": price})
    await rig.approve(intent, is_exit=True)
    await rig.clock.run_for(0.5)
    return rig.order_of(number).phase


def _net(executor: Executor) -> Decimal:
    return executor._account.state.net(SYMBOL)


CORRECTIONS = [_adjustment("0.050"), _adopted("0.050"), _adjustment("0.050", strategy="")]


@pytest.mark.row("K02", "E13")
@pytest.mark.parametrize("correction", CORRECTIONS, ids=["adjusted", "adopted", "nobody's"])
async def test_a_running_executor_counts_what_was_corrected_against_its_caps(
    rig: Rig, correction: Event
) -> None:
    """Half of what may be held was bought, the other half is held without a trade: nothing more is opened."""
    async with rig.running(rig.executor()) as executor:
        await _bought(rig)
        await _tell(rig, correction)
        assert _net(executor) == Decimal("0.100")
        assert await _send(rig, 2, Side.BUY) is OrderStatus.EXPIRED
        assert len(rig.venue.sent) == 1


@pytest.mark.row("K02", "E13")
@pytest.mark.parametrize("correction", CORRECTIONS, ids=["adjusted", "adopted", "nobody's"])
async def test_a_successor_finds_the_corrections_in_the_journal(
    rig: Rig, correction: Event
) -> None:
    """They are part of the history; that FEED holds them as well counts none twice."""
    async with rig.dying(rig.executor()):
        await _bought(rig)
        await _tell(rig, correction)
    async with rig.running(rig.executor()) as executor:
        assert _net(executor) == Decimal("0.100")
        assert await _send(rig, 2, Side.BUY) is OrderStatus.EXPIRED


@pytest.mark.row("K02")
async def test_what_was_corrected_away_is_no_exit_any_more(rig: Rig) -> None:
    """The venue took all of it away: a sell of it opens a short, and is bounded as that."""
    rig.caps = msgspec.structs.replace(rig.caps, order_notional_max=Decimal(2000))
    async with rig.running(rig.executor()):
        for number in range(1, 3):
            assert await _send(rig, number, Side.BUY, SIZE / 2) is OrderStatus.FILLED
        await _tell(rig, _adjustment("-0.050"))
        assert await _send(rig, 3, Side.SELL) is OrderStatus.EXPIRED
        await _tell(rig, _adjustment("0.050"))
        assert await _send(rig, 4, Side.SELL) is OrderStatus.FILLED


@pytest.mark.row("K02")
async def test_what_a_strategy_took_over_leaves_as_an_exit(rig: Rig) -> None:
    """A position from before is the strategy's own, however small an opening may be."""
    rig.caps = msgspec.structs.replace(rig.caps, order_notional_max=Decimal(2000))
    async with rig.running(rig.executor()):
        await _tell(rig, _adopted("0.050"))
        assert await _send(rig, 1, Side.SELL) is OrderStatus.FILLED


@pytest.mark.row("E13")
async def test_a_correction_that_comes_again_counts_once(rig: Rig) -> None:
    """A relay says it twice, FEED is made anew and filled from the journal: the position of the journal decides."""
    async with rig.running(rig.executor()) as executor:
        row = await _tell(rig, _adjustment("0.010"))
        await _publish(rig, row, **{MESSAGE_ID: "said again"})
        rig.broker.make_anew(Stream.FEED)
        await rig.clock.run_for(1)
        await _publish(rig, row)
        await _tell(rig, _adjustment("0.010", evidence_hash="bb"))
        assert _net(executor) == Decimal("0.020")


@pytest.mark.row("E13")
async def test_a_correction_that_was_recorded_while_the_bus_was_away_is_heard_after(
    rig: Rig,
) -> None:
    """FEED is heard from its beginning each time: what was published meanwhile is there."""
    async with rig.running(rig.executor()) as executor:
        row = _record(rig, _adjustment("0.010"))
        rig.broker.down()
        await rig.clock.run_for(0.3)
        await rig.broker.up()
        rig.broker.publish(row.subject, envelope_of(row).headers(), row.data)
        await rig.clock.run_for(2)
        assert _net(executor) == Decimal("0.010")


@pytest.mark.row("E13")
async def test_a_correction_that_a_feed_made_anew_does_not_hold_is_read_in_the_journal(
    rig: Rig,
) -> None:
    """The relay says the newest rows again; what lies further back, each reader reads for itself."""
    async with rig.running(rig.executor()) as executor:
        heard = await _tell(rig, _adjustment("0.010"))
        _record(rig, _adjustment("0.020", evidence_hash="bb"))
        last = _record(rig, _adopted("0.030"))
        rig.broker.make_anew(Stream.FEED)
        await rig.clock.run_for(1)
        fact = FeedGeneration(generation=2, position=last.position, reason="", time_ms=START_MS)
        envelope = Envelope(event_id="g2", type="FeedGeneration", source="relay", time_ms=START_MS)
        await rig.bus.publish(subject_of(fact), fact, envelope)
        await rig.clock.run_for(2)
        assert _net(executor) == Decimal("0.060")
        for row in (heard, last):
            await _publish(rig, row, **{MESSAGE_ID: f"again {row.position}"})
        assert _net(executor) == Decimal("0.060")


@pytest.mark.row("E13")
async def test_a_correction_that_the_bus_never_said_counts_after_a_while(rig: Rig) -> None:
    """The journal is read now and then, whatever the bus says."""
    async with rig.running(rig.executor()) as executor:
        _record(rig, _adjustment("0.010"))
        await rig.clock.run_for(READ_EVERY_S + 1)
        assert _net(executor) == Decimal("0.010")


@pytest.mark.row("E13")
async def test_a_trade_that_is_found_later_counts_once(rig: Rig) -> None:
    """It was missing and adjusted; it comes with the adjustment that takes the first one back."""
    async with rig.running(rig.executor()) as executor:
        made = _adjustment("0.050")
        row = await _tell(rig, made)
        await _bought(rig)
        await _tell(rig, reversed_by(made, row.event_id, "7"))
        assert _net(executor) == SIZE
        assert await _send(rig, 2, Side.BUY) is OrderStatus.FILLED


@pytest.mark.row("K02")
@pytest.mark.parametrize(
    "forge",
    [
        lambda row: (row.data, {"ce-position": "1"}),
        lambda row: (row.data, {"ce-position": "1000000"}),
        lambda row: (row.data, {"ce-position": "x"}),
        lambda row: (row.data + row.data, {}),
    ],
    ids=["another place", "no place yet", "no number", "other bytes"],
)
async def test_a_correction_counts_as_the_journal_holds_it_whatever_the_bus_says(
    rig: Rig, forge: Callable[[Recorded], tuple[bytes, dict[str, str]]]
) -> None:
    """On the bus anybody can say anything: room for openings comes from the journal alone."""
    async with rig.running(rig.executor()) as executor:
        row = _record(rig, _adjustment("-0.010"))
        data, headers = forge(row)
        await rig.bus.send(row.subject, data, envelope_of(row).headers() | headers)
        await rig.clock.run_for(0.5)
        await _publish(rig, row, **{MESSAGE_ID: "the true one"})
        assert _net(executor) == Decimal("-0.010")


@pytest.mark.row("K02")
@pytest.mark.parametrize("position", ["", "1", "1000000"])
async def test_a_correction_that_stands_nowhere_counts_never(rig: Rig, position: str) -> None:
    """Another row, or none, stands where the forged one claims to be."""
    async with rig.running(rig.executor()) as executor:
        made = _adjustment("-0.010")
        envelope = Envelope(
            event_id="forged", type="Adjustment", source="reconciler", time_ms=START_MS
        )
        headers = envelope.headers() | ({"ce-position": position} if position else {})
        await rig.bus.send(subject_of(made), encode(made), headers)
        await rig.clock.run_for(0.5)
        assert _net(executor) == 0


@pytest.mark.row("E13")
async def test_a_correction_that_is_heard_without_the_journal_counts_when_it_is_back(
    rig: Rig,
) -> None:
    """Nobody can vouch for it meanwhile; it waits and is not lost."""
    async with rig.running(rig.executor()) as executor:
        row = _record(rig, _adjustment("0.010"))
        rig.store.down = True
        await _publish(rig, row)
        assert _net(executor) == 0
        rig.store.down = False
        await rig.clock.run_for(1)
        assert _net(executor) == Decimal("0.010")


@pytest.mark.row("E13")
async def test_another_accounts_corrections_are_not_ours(rig: Rig) -> None:
    """Strategies of all accounts speak on one subject, and the journal holds them all."""
    other = msgspec.structs.replace(_adopted("0.050"), account="another")
    async with rig.running(rig.executor()) as executor:
        await _tell(rig, other)
        _record(rig, _adjustment("0.050", account="another"))
        assert _net(executor) == 0
    async with rig.running(rig.executor()) as executor:
        assert _net(executor) == 0
