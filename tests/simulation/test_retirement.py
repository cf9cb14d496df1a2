"""A strategy that leaves the desk: it cancels, closes in parts, and says so once, whatever its kind remembers."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.control import KillLatched, StrategyRegistered, StrategyRetiring
from opensqt.domain.intent import Basis, CancelIntent, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import StrategyFlattened, StrategyStarted
from opensqt.strategies.api import RunTerms, followed
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from opensqt.strategies.kernel import StrategyInstance
from opensqt.strategies.retirement import leave
from tests.simulation.grid_rig import rig_of, setup_of
from tests.simulation.strategy_facts import PERP, rules_of, tick_of
from tests.simulation.strategy_rig import Rig

SEEN = Basis(generation=1, sequence=1)


def _retiring(now_ms: int) -> StrategyRetiring:
    return StrategyRetiring(strategy="grid", reason="enough", actor="me", time_ms=now_ms)


def _leaving(rig: Rig[GridState]) -> StrategyRetiring:
    """Let a grid be told to leave, as the shell lets it hear that."""
    retiring = _retiring(rig.now_ms)
    rig.decide = lambda state, _: leave(state, retiring)
    rig.evolve = followed
    rig.feed(retiring)
    return retiring


def _holding() -> Rig[GridState]:
    """Return a grid that has bought two levels, with all its orders at work."""
    rig = rig_of(setup_of())
    rig.accept_all()
    for price in ("44990", "44980"):
        rig.fill(rig.cid_at(price))
    rig.tick(PERP, "44980")
    rig.accept_all()
    assert rig.state.position().quantity == Decimal("0.02")
    return rig


def _closes(rig: Rig[GridState]) -> list[PlaceIntent]:
    return [one for one in rig.places() if one.time_in_force is TimeInForce.IOC]


@pytest.mark.row("F19")
def test_it_cancels_first_then_closes_in_parts_of_its_own_size_and_says_so_once() -> None:
    """Closing beside orders that rest could close twice; 0.02 at 450 a part are three equal parts, rounded down."""
    rig = _holding()
    retiring = _leaving(rig)
    assert rig.last.reason == "leaving the desk: waits for its orders to end"
    assert all(isinstance(intent, CancelIntent) for intent in rig.waiting.values())
    assert not _closes(rig)
    for intent in list(rig.waiting.values()):
        assert isinstance(intent, CancelIntent)
        rig.cancel(intent)
    sizes = []
    while _closes(rig):
        (close,) = _closes(rig)
        assert (close.purpose, close.price) == (Purpose.CLOSE, Decimal("44979.9"))
        sizes.append(close.quantity)
        cid = rig.accept(close)
        assert rig.places() == []
        rig.fill(cid)
        rig.tick(PERP, "44980")
    assert sum(sizes) == Decimal("0.02")
    assert max(sizes) * 45_000 <= 450
    assert rig.state.position().quantity == 0
    rig.wait(5_000)
    said = [event for event in rig.history if isinstance(event, StrategyFlattened)]
    assert [one.retiring_ms for one in said] == [retiring.time_ms]
    assert rig.last.reason == "leaving the desk: flat"
    assert not rig.waiting


@pytest.mark.row("F19")
def test_what_is_not_taken_is_tried_again_at_the_price_of_then() -> None:
    """An order that takes what is there now and finds nothing leaves the position as it is."""
    rig = _holding()
    _leaving(rig)
    for intent in list(rig.waiting.values()):
        rig.cancel(intent)  # type: ignore[arg-type]
    (first,) = _closes(rig)
    rig.feed(rig.expired(rig.accept(first)))
    rig.tick(PERP, "44900")
    rig.wait(1_500)
    (second,) = _closes(rig)
    assert second.price == Decimal("44899.9")
    assert second.intent_id != first.intent_id


@pytest.mark.row("F19")
def test_a_kill_keeps_it_from_closing_and_from_saying_that_it_is_flat() -> None:
    """Nothing is placed while a kill is latched; it says what it waits for."""
    rig = _holding()
    _leaving(rig)
    for intent in list(rig.waiting.values()):
        rig.cancel(intent)  # type: ignore[arg-type]
    for intent in rig.places():
        rig.refuse(intent)
    rig.feed(KillLatched(scope="desk", reason="", actor="me", time_ms=rig.now_ms))
    rig.wait(120_000)
    assert rig.last.reason == "kill latched"
    assert not rig.places()
    assert not any(isinstance(event, StrategyFlattened) for event in rig.history)


def test_dust_stays_and_keeps_nobody() -> None:
    """What no order can sell is named and left; a perpetual's smallest order is its step."""
    rig = rig_of(setup_of())
    _leaving(rig)
    held = msgspec.structs.replace(rig.state.position(), quantity=Decimal("0.0004"))
    books = msgspec.structs.replace(rig.state.books, positions={PERP: held})
    rig.state = msgspec.structs.replace(rig.state, books=books)
    for intent in list(rig.waiting.values()):
        if isinstance(intent, CancelIntent):
            rig.cancel(intent)
        else:
            rig.refuse(intent)
    rig.wait(5_000)
    assert rig.last.reason == "leaving the desk: flat"


def _instance() -> StrategyInstance:
    settings = setup_of().settings
    terms = RunTerms(
        venue="binance",
        orders_open_max=20,
        tick_age_ms_max=3_600_000,
        speed=Decimal(1),
        config_hash="",
        code_version="",
    )
    actor = StrategyInstance(GRID.spec("grid", settings, terms))
    actor.own_run = 1
    started = StrategyStarted(
        strategy="grid", run=1, config_hash="", code_version="", state_fingerprint="", time_ms=1
    )
    _hear(actor, started, rules_of(PERP), tick_of(PERP, "45000", 1_000))
    return actor


def _hear(actor: StrategyInstance, *events: Event) -> None:
    for event in events:
        actor.hear(event, SEEN, live=True)


@pytest.mark.row("F19")
def test_the_journal_says_who_leaves_and_who_belongs_to_the_desk_again() -> None:
    """Its own name counts, whatever stopped it; registered once more it trades as before."""
    actor = _instance()
    other = msgspec.structs.replace(_retiring(2_000), strategy="grid-too")
    _hear(actor, other, tick_of(PERP, "45000", 2_000))
    assert not actor.status()["reason"].startswith("leaving the desk")
    actor.fault = "ValueError: a defect"
    _hear(actor, _retiring(2_000), tick_of(PERP, "45000", 3_000))
    assert actor.status()["reason"].startswith("leaving the desk")
    actor.fault = ""
    again = StrategyRegistered(strategy="grid", settings="{}", reason="", actor="me", time_ms=4_000)
    _hear(actor, again, tick_of(PERP, "45000", 5_000))
    assert not actor.status()["reason"].startswith("leaving the desk")
