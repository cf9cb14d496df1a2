"""What latches, halts and releases leave, in whatever order they were recorded: a release ends nothing newer."""

import random
from collections.abc import Callable
from itertools import repeat

import msgspec
import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.recon_events import Halted, OrderContradicted, Resumed
from opensqt.domain.scope import DESK
from opensqt.domain.trading_controls import (
    HALTED,
    NORMAL,
    REDUCING,
    Switch,
    TradingControls,
    thrown,
)
from tests.ledgers import ACCOUNT, PERP, VENUE, folded

PLACE = f"{VENUE}/{ACCOUNT}/{PERP}"


def switches(*facts: Switch) -> TradingControls:
    """Fold facts from nothing."""
    found = TradingControls()
    for fact in facts:
        found = thrown(found, fact)
    return found


def latched(time_ms: int, scope: str = DESK) -> KillLatched:
    """Return a latch."""
    return KillLatched(scope=scope, reason="fire", actor="ann", time_ms=time_ms)


def released(time_ms: int, scope: str = DESK) -> KillReleased:
    """Return what a person released."""
    return KillReleased(scope=scope, reason="looked", actor="ann", time_ms=time_ms)


def halted(time_ms: int, scope: str = PLACE, mode: str = REDUCING) -> Halted:
    """Return a halt."""
    return Halted(scope=scope, mode=mode, reason="drift", time_ms=time_ms)


def resumed(time_ms: int, scope: str = PLACE) -> Resumed:
    """Return the reconciler's word that a halt was lifted."""
    return Resumed(scope=scope, reason="looked", actor="ann", time_ms=time_ms)


def contradicted(time_ms: int) -> OrderContradicted:
    """Return the executor's word that the venue denies an end."""
    return OrderContradicted(
        client_order_id="q1",
        venue=VENUE,
        account=ACCOUNT,
        symbol=PERP,
        state="canceled",
        evidence="filled after its end",
        time_ms=time_ms,
    )


@pytest.mark.parametrize("scope", [DESK, "strategy/grid"])
@pytest.mark.parametrize("at_ms, stands", [(9, False), (10, False), (11, True)])
def test_a_release_that_is_recorded_late_does_not_undo_a_newer_kill(
    scope: str, at_ms: int, *, stands: bool
) -> None:
    """Whoever killed again after the release was said stays killed, for gate, strategies and tables."""
    facts: list[Switch] = [latched(at_ms, scope), released(10, scope)]
    assert switches(*facts).killed("grid") is stands
    assert bool(folded(facts).controls.kills.scopes) is stands


def test_a_kill_that_is_recorded_late_does_not_hide_a_newer_one() -> None:
    """The release between the two ends the older one only."""
    facts: list[Switch] = [latched(30), latched(10), released(20)]
    assert switches(*facts).kills.scopes == {DESK: latched(30)}
    assert folded(facts).controls.kills == switches(*facts).kills


@pytest.mark.parametrize("end", [released(10), resumed(10)])
@pytest.mark.parametrize("begin", [halted, contradicted])
@pytest.mark.parametrize("at_ms, stands", [(9, False), (10, False), (11, True)])
def test_a_halt_ends_by_what_was_said_after_it(
    begin: Callable[[int], Switch], end: Switch, at_ms: int, *, stands: bool
) -> None:
    """A person who released the desk has not looked at what was halted after that."""
    facts: list[Switch] = [begin(at_ms), end]
    assert (switches(*facts).mode != NORMAL) is stands


def test_the_reconcilers_late_word_lifts_no_halt_of_an_order_contradicted_meanwhile() -> None:
    """It tells what the person lifted, and comes behind the executor's alarm."""
    facts = (halted(5), released(10), contradicted(11), resumed(10))
    assert PLACE in switches(*facts).halts
    assert switches(*facts, released(12)).halts == {}


def test_a_release_of_a_strategy_ends_its_own_halt_and_no_other() -> None:
    """Halts of other strategies and of places stay, and so does one that came after the release."""
    facts = (halted(5, "strategy/carry"), halted(5, "strategy/grid"), halted(5))
    assert switches(*facts, released(10, "strategy/carry")).halts.keys() == {"strategy/grid", PLACE}
    assert switches(*facts, released(4, "strategy/carry")).halts.keys() == {
        "strategy/carry",
        "strategy/grid",
        PLACE,
    }
    carry = switches(halted(5, "strategy/carry"))
    assert carry.halt(VENUE, ACCOUNT, (PERP,), "carry") is not None
    assert carry.halt(VENUE, ACCOUNT, (PERP,), "grid") is None


def test_a_halt_that_is_recorded_late_does_not_make_a_newer_one_older() -> None:
    """The reconciler's halt is as old as its look at the venue; the contradiction under it stays until it is seen."""
    facts = (contradicted(20), halted(10))
    assert switches(*facts, resumed(15)).mode == REDUCING
    assert switches(*facts, resumed(20)).mode == NORMAL


@pytest.mark.row("E07")
def test_each_breaker_has_a_halt_of_its_own_in_a_scope() -> None:
    """What closes one lifts neither another one nor what else halted the scope; a trial is ended by opening it."""
    loss, market = (msgspec.structs.replace(halted(5), breaker=name) for name in ("loss", "market"))
    end = msgspec.structs.replace(resumed(10), breaker="loss")
    trial = msgspec.structs.replace(end, half_open=True)
    assert set(switches(halted(5), loss, market, end).halts) == {PLACE, f"{PLACE} market"}
    assert switches(loss, trial).trials == {f"{PLACE} loss": trial}
    assert switches(loss, trial).mode == NORMAL
    for over in (msgspec.structs.replace(end, time_ms=11), released(11)):
        assert switches(loss, trial, over).trials == {}
    again = msgspec.structs.replace(loss, time_ms=12)
    assert switches(loss, trial, again) == switches(again)


def test_the_last_word_says_the_mode() -> None:
    """A restore stops the desk whatever was said before, and the look that follows lets it close."""
    facts = (halted(20, DESK), halted(10, DESK, HALTED))
    assert switches(*facts).mode == HALTED
    assert switches(*facts, halted(21, DESK)).mode == REDUCING


@pytest.mark.parametrize("seed", range(20))
def test_hearing_it_again_changes_nothing_and_the_tables_say_the_same(seed: int) -> None:
    """Each fact twice, or all of them once more, leave the same switches, and those of the books."""
    draw = random.Random(seed)
    facts: list[Switch] = []
    for _ in range(30):
        begin = draw.choice((latched, released, halted, resumed))
        scopes = (DESK, PLACE) if begin in (halted, resumed) else (DESK, "strategy/grid")
        fact = begin(draw.randrange(20), draw.choice(scopes))
        if isinstance(fact, Halted | Resumed):
            fact = msgspec.structs.replace(fact, breaker=draw.choice(("", "loss")))
        if isinstance(fact, Resumed) and fact.breaker:
            fact = msgspec.structs.replace(fact, half_open=draw.choice((True, False)))
        facts.append(fact)
        once = switches(*facts)
        assert switches(*facts, *facts) == once
        assert switches(*(fact for one in facts for fact in repeat(one, 2))) == once
        books = folded(facts)
        assert books.controls == once
