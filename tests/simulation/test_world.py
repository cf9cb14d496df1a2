"""The World in `make test`: as many seeds as fit the time given here; the long form is `make simulate-long`."""

from collections.abc import Callable

import pytest

from opensqt.runtime.config.schema import PaperRules
from tests.simulation.worlds import play
from tests.world.__main__ import caught_by
from tests.world.faults import Fault, Kind
from tests.world.mutants import Mutant
from tests.world.mutants_books import ALL
from tests.world.register import PHASES
from tests.world.setting import setting_of
from tests.world.shrink import shrink
from tests.world.world import Outcome, plan_for, run

SEEDS = range(1, 1001)  # the next thousand is in a file of its own, for another worker
SECONDS = 60
MUTANT_SEEDS = 60
SAMPLE = (1, 9, 10, 14, 20)
SHARED = 9  # seeds
AIMED_SEEDS = 2000
QUICK = ("epoch not checked by the journal", "commit after send", "resend on timeout")


@pytest.mark.long
@pytest.mark.row("J02")
@pytest.mark.timeout(300)
def test_an_order_is_placed_once_in_the_first_thousand_of_worlds() -> None:
    """As many of the seeds 1 to 1000 as a minute holds; no invariant may break."""
    holds, said = play(SEEDS, SECONDS)
    assert holds, said


@pytest.mark.row("J02")
@pytest.mark.parametrize("seed", SAMPLE)
def test_a_world_has_enough_to_do(seed: int) -> None:
    """Every World says at least 40 commands, one in ten at least 200, and each meets at least 5 faults."""
    outcome = run(seed)
    assert not outcome.violations
    assert outcome.counts["commands"] >= (200 if seed % 10 == 0 else 40)
    assert outcome.counts["faults"] >= 5
    assert outcome.counts["taken"] > 0


@pytest.mark.row("J02")
@pytest.mark.parametrize("rules", list(PaperRules))
def test_the_judge_knows_both_rules_of_venues(rules: PaperRules) -> None:
    """One World in three trades where no id is unique, and a resend is found there as everywhere."""
    share = [seed for seed in range(SHARED) if setting_of(seed).rules is rules]
    assert len(share) == (SHARED // 3 if rules is PaperRules.GATE else SHARED * 2 // 3)
    mutant = _mutant("resend on timeout")
    with mutant.alive():
        broken = [seed for seed in share if run(seed, plan_for(seed, mutant.focus)).violations]
    assert broken


def test_every_cell_of_the_table_can_be_met() -> None:
    """A plan aims each kind of fault at each state of an order."""
    aimed = {
        (fault.kind, fault.when)
        for seed in range(AIMED_SEEDS)
        for fault in plan_for(seed)
        if fault.when
    }
    missing = [(kind, phase) for kind in Kind for phase in PHASES if (kind, phase) not in aimed]
    assert [(kind, phase) for kind, phase in missing if kind is not Kind.READS_BLIND] == []


@pytest.mark.row("J02")
def test_a_seed_repeats_itself() -> None:
    """The same seed gives the same history, byte for byte; another seed another one."""
    first, again, other = run(7), run(7), run(8)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint != other.fingerprint


@pytest.mark.row("J02")
@pytest.mark.parametrize("name", QUICK)
def test_a_world_catches_what_makes_it_unsafe(name: str) -> None:
    """A safety line that is switched off is found within a few seeds."""
    assert caught_by(_mutant(name), MUTANT_SEEDS) is not None


def test_every_mutant_still_finds_what_it_switches_off() -> None:
    """A safety line that was renamed must be renamed in the list of mutants, too."""
    for mutant in ALL:
        with mutant.alive():
            assert mutant.patches()


@pytest.mark.slow
@pytest.mark.row("J02")
@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_every_mutant_is_caught(mutant: Mutant) -> None:
    """Each safety line of the list is missed by some seed, whose World is sound while the line is there."""
    caught = caught_by(mutant, MUTANT_SEEDS)
    assert caught is not None
    assert run(caught.seed, caught.plan).violations == ()


def test_a_broken_world_is_shrunk_to_the_faults_that_matter() -> None:
    """What is left of the plan still breaks the same invariant, and nothing of it can go."""
    mutant = _mutant("resend on timeout")
    said: list[str] = []
    with mutant.alive():
        broken = next(one for one in map(_played(mutant), range(1, MUTANT_SEEDS)) if one.violations)
        shortest = shrink(broken, said.append)
        name = broken.violations[0].name
        assert shortest.violations[0].name == name
        assert len(shortest.plan) < len(broken.plan)
        for index in range(len(shortest.plan)):
            fewer: tuple[Fault, ...] = (*shortest.plan[:index], *shortest.plan[index + 1 :])
            assert all(violation.name != name for violation in run(broken.seed, fewer).violations)
    assert f"seed {broken.seed}" in said[0]


def _played(mutant: Mutant) -> Callable[[int], Outcome]:
    return lambda seed: run(seed, plan_for(seed, mutant.focus))


def _mutant(name: str) -> Mutant:
    return next(mutant for mutant in ALL if mutant.name == name)
