"""The table of the matrix: steps down, scenarios across, a reason for every cell that is not there."""

from collections.abc import Iterable, Iterator, Sequence

from opensqt.runtime.config.schema import PaperRules
from tests.crash.cell import Outcome
from tests.crash.steps import STEPS, unreachable

SHORT = {"place during fill": "fill", "kill switch": "kill", "two symbols": "two"}
WIDTH = 44


def lines(
    outcomes: Iterable[Outcome],
    services: Sequence[str],
    scenarios: Sequence[str],
    rules: PaperRules,
) -> Iterator[str]:
    """Yield the table of one venue's rules and its summary."""
    found = {(one.cell.scenario, one.cell.step): one for one in outcomes}
    yield f"\nrules: {rules.value}"
    yield "step".ljust(WIDTH) + "".join(SHORT.get(name, name).ljust(11) for name in scenarios)
    for service in services:
        for step in STEPS[service]:
            marks = [_mark(found.get((name, step))) for name in scenarios]
            yield step.ljust(WIDTH) + "".join(mark.ljust(11) for mark in marks)
    yield ""
    for one in found.values():
        if one.broken or not one.died:
            yield line_of(one)
    yield _summary(tuple(found.values()))


def reasons(
    outcomes: Sequence[Outcome], services: Sequence[str], scenarios: Sequence[str]
) -> Iterator[str]:
    """Yield why there are cells without a death, each effect once."""
    missing = unreached(outcomes, services)
    yield "\nn/a, because"
    effects = dict.fromkeys(step.rpartition(".")[0] for step in missing)
    for effect in effects:
        yield f"  {effect}: {unreachable(f'{effect}.before') or _not_here(scenarios)}"
    yield "  elsewhere: the survey of the scenario, in which nobody dies, does not pass the step"


def unreached(outcomes: Iterable[Outcome], services: Sequence[str]) -> list[str]:
    """Return the steps at which nobody died in any scenario."""
    reached = {one.cell.step for one in outcomes if one.died}
    return [step for service in services for step in STEPS[service] if step not in reached]


def line_of(outcome: Outcome) -> str:
    """Return what went wrong in a cell, in one line."""
    one = outcome.cell
    where = f"{one.rules.value} {one.service} {one.scenario} {one.step}:{one.count}"
    if not outcome.died and not outcome.broken:
        return f"MISSED {where}: it did not die there this time"
    broken = " ".join(" | ".join(outcome.broken).split())
    return f"FAIL {where}: {broken} {list(outcome.faults) or ''}"


def _not_here(scenarios: Sequence[str]) -> str:
    return f"reached by none of {', '.join(scenarios)}"


def _mark(outcome: Outcome | None) -> str:
    if outcome is None:
        return "n/a"
    if outcome.broken:
        return "FAIL"
    if not outcome.died:
        return "missed"
    return outcome.cell.when.value


def _summary(outcomes: Sequence[Outcome]) -> str:
    failed = sum(bool(one.broken) for one in outcomes)
    missed = sum(not one.died and not one.broken for one in outcomes)
    steps = len({one.cell.step for one in outcomes if one.died})
    ended = sum(bool(one.faults) for one in outcomes)
    seconds = sorted(one.seconds for one in outcomes) or [0.0]
    return (
        f"{len(outcomes)} cells at {steps} steps: {len(outcomes) - failed - missed} ok, {failed} FAIL,"
        f" {missed} missed; in {ended} a process also ended by itself;"
        f" a cell took {seconds[len(seconds) // 2]:.1f} s, at most {seconds[-1]:.1f} s"
    )
