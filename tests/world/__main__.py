"""Play worlds: `python -m tests.world SEED | A:B [--progress FILE] | mutants [N] | shrink SEED`."""

import argparse
import json
import os
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.world.coverage import empty, table
from tests.world.mutants import Mutant
from tests.world.mutants_books import ALL
from tests.world.shrink import shrink
from tests.world.world import Outcome, plan_for, run

CHUNK = 20
SEEDS_FOR_ALL_CELLS = 2000
SEEDS_PER_MUTANT = 40


def main() -> int:
    """Do what the command line asks for; 1 when an invariant broke or a mutant lived."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        # The order of sets is part of what happens, so it must be the same each time.
        os.execve(  # noqa: S606  # ourselves, with one variable more
            sys.executable,
            [sys.executable, "-m", "tests.world", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    parser = argparse.ArgumentParser(prog="tests.world", description=__doc__)
    parser.add_argument("what", help="a seed, a range A:B, or `mutants`")
    parser.add_argument("seeds_max", nargs="?", type=int, default=SEEDS_PER_MUTANT)
    parser.add_argument("--progress", type=Path, default=None, help="file to resume a range from")
    parser.add_argument("--only", default="", help="mutants whose name holds this")
    parser.add_argument("--cores", type=int, default=1)
    asked = parser.parse_args()
    if asked.what == "mutants":
        return mutants(asked.seeds_max, asked.only)
    if ":" in asked.what:
        first, _, behind = asked.what.partition(":")
        return many(range(int(first), int(behind)), asked.progress, asked.cores)
    return one(int(asked.what))


def one(seed: int) -> int:
    """Play one seed and say everything about it."""
    _say(f"seed {seed}")
    for fault in plan_for(seed):
        _say(f"  {fault}")
    outcome = run(seed)
    _say(f"  {outcome.counts}, fingerprint {outcome.fingerprint[:16]}")
    if not outcome.violations:
        _say("  every invariant holds")
        return 0
    _complain(outcome)
    shrink(outcome, _say)
    return 1


def many(seeds: range, progress: Path | None, cores: int) -> int:
    """Play a range of seeds, resume where an earlier run of the range ended, and print rate and coverage."""
    done, met, broken = _resumed(progress, seeds)
    todo = [seeds[i : i + CHUNK] for i in range(done, len(seeds), CHUNK)]
    began_s, played = time.monotonic(), 0
    with ProcessPoolExecutor(cores) as pool:
        for chunk, outcomes in zip(todo, pool.map(_chunk, todo), strict=True):
            for outcome in outcomes:
                met.update(outcome.coverage)
                if outcome.violations:
                    broken.append(outcome.seed)
                    _complain(outcome)
            played += len(chunk)
            rate = played / (time.monotonic() - began_s)
            _say(f"seeds {done + played}/{len(seeds)}  {rate:.1f} seeds/s  broken {broken}")
            _save(progress, seeds, done + played, met, broken)
    _say(table(met))
    holes = empty(met)
    _say(f"empty cells: {', '.join(holes) or 'none'}")
    return 1 if broken or (holes and len(seeds) >= SEEDS_FOR_ALL_CELLS) else 0


def mutants(seeds_max: int, only: str = "") -> int:
    """Let each mutant live until a seed catches it; say which one nobody caught."""
    lived = []
    chosen = [mutant for mutant in ALL if only in mutant.name]
    for mutant in chosen:
        caught = caught_by(mutant, seeds_max)
        if caught is None:
            lived.append(mutant.name)
            _say(f"{mutant.name:36} LIVED through {seeds_max} seeds")
        else:
            broken = caught.violations[0]
            _say(f"{mutant.name:36} seed {caught.seed}: {broken.name}: {broken.detail}")
    _say(f"{len(chosen) - len(lived)} of {len(chosen)} mutants caught")
    return 1 if lived else 0


def caught_by(mutant: Mutant, seeds_max: int) -> Outcome | None:
    """Return the first World in which the mutant breaks an invariant."""
    with mutant.alive():
        for seed in range(1, seeds_max + 1):
            outcome = run(seed, plan_for(seed, mutant.focus))
            if outcome.violations:
                return outcome
    return None


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _chunk(seeds: range) -> list[Outcome]:
    return [run(seed) for seed in seeds]


def _complain(outcome: Outcome) -> None:
    for broken in outcome.violations[:3]:
        _say(f"  seed {outcome.seed}: {broken.at_ms} ms: {broken.name}: {broken.detail}")


def _resumed(
    progress: Path | None, seeds: range
) -> tuple[int, "Counter[tuple[str, str]]", list[int]]:
    if progress is None or not progress.exists():
        return 0, Counter(), []
    kept = json.loads(progress.read_text())
    if kept["seeds"] != f"{seeds.start}:{seeds.stop}":
        return 0, Counter(), []
    met = Counter({(fault, phase): count for fault, phase, count in kept["coverage"]})
    return int(kept["done"]), met, list(kept["broken"])


def _save(
    progress: Path | None,
    seeds: range,
    done: int,
    met: "Counter[tuple[str, str]]",
    broken: list[int],
) -> None:
    if progress is None:
        return
    progress.parent.mkdir(parents=True, exist_ok=True)
    coverage = [[fault, phase, count] for (fault, phase), count in sorted(met.items())]
    kept = {"seeds": f"{seeds.start}:{seeds.stop}", "done": done, "broken": broken}
    fresh = progress.with_suffix(".new")
    fresh.write_text(json.dumps(kept | {"coverage": coverage}))
    fresh.replace(progress)


if __name__ == "__main__":
    sys.exit(main())
