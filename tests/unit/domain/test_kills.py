"""Which kills are in force: by identity, whatever clocks say and in whatever order kills and releases are heard."""

import random
from itertools import repeat

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.kills import Kills, folded, identity, named
from opensqt.domain.ledger_content import content, restore
from opensqt.domain.scope import DESK
from opensqt.domain.trading_controls import TradingControls, thrown
from opensqt.execution.state import ExecutionState as ExecutorState
from opensqt.risk.state import RiskState
from tests.ledgers import folded as booked

Said = KillLatched | KillReleased
TIMES = st.integers(min_value=-(2**63), max_value=2**63 - 1)
SCOPES = st.sampled_from([DESK, "strategy/grid", "strategy/carry"])
NAMES = st.sampled_from([f"k{number}" for number in range(6)])


def kill(name: str = "", time_ms: int = 1, scope: str = DESK) -> KillLatched:
    """Return a kill; without a name it is of before identities."""
    return KillLatched(scope=scope, reason="fire", actor="ann", time_ms=time_ms, kill_id=name)


def release(*names: str, time_ms: int = 1, scope: str = DESK) -> KillReleased:
    """Return a release of the kills that are named."""
    return KillReleased(scope=scope, reason="out", actor="ann", time_ms=time_ms, kill_ids=names)


def heard(said: list[Said]) -> Kills:
    """Fold from nothing."""
    kills = Kills()
    for one in said:
        kills = folded(kills, one)
    return kills


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Draw kills, each name of one scope, and releases, with arbitrary clocks, repeated and in any order."""
    scope_of = {f"k{number}": draw(SCOPES) for number in range(6)}
    said: list[Said] = []
    for _ in range(draw(st.integers(min_value=1, max_value=12))):
        if draw(st.booleans()):
            name = draw(NAMES)
            said.append(kill(name, draw(TIMES), scope_of[name]))
        else:
            names = draw(st.lists(NAMES, max_size=3))
            said.append(release(*names, time_ms=draw(TIMES), scope=draw(SCOPES)))
    said += [said[index % len(said)] for index in draw(st.lists(st.integers(0, 30), max_size=5))]
    return draw(st.permutations(said))


@pytest.mark.row("K01")
@given(histories())
def test_what_no_release_names_is_in_force_for_everybody(said: list[Said]) -> None:
    """Whatever the order, repetition and clocks: executor, risk, strategies and books agree, and none loses a kill."""
    over = {name for one in said if isinstance(one, KillReleased) for name in one.kill_ids}
    killed = {one.kill_id: one.scope for one in said if isinstance(one, KillLatched)}
    expected = {name: scope for name, scope in killed.items() if name not in over}
    executor, risk, switches = ExecutorState("main"), RiskState(), TradingControls()
    for one in said:
        executor.fold(one)
        risk.fold(one)
        switches = thrown(switches, one)
    books = booked(list(said))
    for found in (
        executor.kills,
        risk.switches.kills,
        switches.kills,
        books.controls.kills,
        heard(said),
    ):
        assert {name: one.scope for name, one in found.latched.items()} == expected
        assert set(found.scopes) == set(expected.values())
    assert restore(content(books)).controls.kills == books.controls.kills


@pytest.mark.row("E10")
@given(histories(), st.data())
def test_an_account_holds_what_it_obeyed_until_its_own_release(
    said: list[Said], draw: st.DataObject
) -> None:
    """Told in any order by the executors of two accounts: each counts its own releases, the desk the first of any."""
    accounts = st.sampled_from(["main", "side"])
    told = [msgspec.structs.replace(one, account=draw.draw(accounts)) for one in said]
    kills = [one for one in told if isinstance(one, KillLatched)]
    over = {(n, one.account) for one in told if isinstance(one, KillReleased) for n in one.kill_ids}
    for account in ("main", "side"):
        obeyed = {one.kill_id for one in kills if one.account == account}
        found = Kills()
        for one in told:
            found = folded(found, one, account)
        for name in {one.kill_id for one in kills}:
            ends = {account} if name in obeyed else {"main", "side"}
            is_over = any((name, end) in over for end in ends)
            assert (name in found.latched) is not is_over, (account, name)
    names = {name for name, _ in over}
    assert set(heard(told).latched) == {one.kill_id for one in kills} - names


def test_a_release_that_tells_its_account_ends_nothing_by_time() -> None:
    """One that names nothing ends nothing, also no kill of before identities."""
    bare = KillReleased(scope=DESK, reason="x", actor="a", time_ms=2**60, account="main")
    assert heard([kill("", 1), bare]).scopes == heard([kill("", 1)]).scopes != {}


@pytest.mark.row("K01")
def test_a_kill_from_the_future_that_was_released_switches_no_later_kill_off() -> None:
    """The clock of one sender ran years ahead: what is said after its release is in force all the same."""
    later = kill("b", time_ms=2)
    kills = heard([kill("a", time_ms=2**60), release("a", time_ms=2**60), later])
    assert kills.scopes == {DESK: later}
    assert not kills.is_over(later)


@pytest.mark.parametrize("seed", range(20))
def test_a_journal_of_before_identities_folds_as_it_did(seed: int) -> None:
    """The newest latch of a scope stands until a release that is not older: the rule of old, written once more here."""
    draw = random.Random(seed)
    said: list[Said] = []
    stands: dict[str, int] = {}
    for _ in range(30):
        scope, time_ms = draw.choice((DESK, "strategy/grid")), draw.randrange(20)
        if draw.random() < 0.5:
            said.append(kill("", time_ms, scope))
            stands[scope] = max(time_ms, stands.get(scope, time_ms))
        else:
            said.append(release(time_ms=time_ms, scope=scope))
            if stands.get(scope, time_ms + 1) <= time_ms:
                del stands[scope]
        assert {name: one.time_ms for name, one in heard(said).scopes.items()} == stands
    assert heard([one for one in said for one in repeat(one, 2)]) == heard(said)


def test_a_release_of_before_identities_ends_nothing_that_has_one() -> None:
    """It names nobody, and its time is its sender's."""
    kills = heard([kill("a", 1), kill("", 1), release(time_ms=2**60)])
    assert list(kills.latched) == ["a"]


def test_a_kill_without_identity_gets_the_same_one_from_everybody() -> None:
    """Two executors hear it, each names it, and one release ends it for both."""
    bare = kill("", 7)
    assert named(bare) == named(bare)
    kills = heard([named(bare), bare, release(identity(bare))])
    assert kills.latched == {}
    assert kills.is_over(bare)


def test_a_blank_identity_is_none() -> None:
    """Control characters make no identity that all of their kind would share."""
    assert identity(kill("\x00 \x00", 1)) == identity(kill("", 1)) != identity(kill("", 2))
