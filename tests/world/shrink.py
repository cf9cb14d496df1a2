"""The shortest list of faults that still breaks a World."""

from collections.abc import Callable

from tests.world.faults import Fault
from tests.world.world import Outcome, run


def shrink(
    broken: Outcome,
    say: Callable[[str], None],
    play: Callable[[int, tuple[Fault, ...]], Outcome] = run,
) -> Outcome:
    """Drop faults one by one while the same invariant still breaks; return the shortest World."""
    name = broken.violations[0].name
    best, index, kept = broken, 0, 0
    # Once around without a drop: a fault that mattered beside another may matter no more without it.
    while kept < len(best.plan):
        index %= len(best.plan)
        shorter = (*best.plan[:index], *best.plan[index + 1 :])
        tried = play(best.seed, shorter)
        if any(violation.name == name for violation in tried.violations):
            best, kept = tried, 0
        else:
            index, kept = index + 1, kept + 1
    say(f"shortest plan of seed {best.seed}: {len(best.plan)} of {len(broken.plan)} faults")
    for fault in best.plan:
        say(f"  {fault}")
    for violation in best.violations[:3]:
        say(f"  {violation.at_ms} ms: {violation.name}: {violation.detail}")
    return best
