"""What many Worlds came to: how far a range was played, what faults met, what broke; kept in a file to resume from."""

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.world.setting import Size, setting_of
from tests.world.world import Outcome

SHOWN_MAX = 20  # broken seeds in a line of progress
S_PER_MIN = 60


class Tally:
    """One range of seeds, played in order; `path` None keeps nothing."""

    def __init__(self, seeds: range, path: Path | None) -> None:
        self.seeds = seeds
        self.done = 0
        self.met: Counter[tuple[str, str]] = Counter()
        self.sizes: Counter[str] = Counter()
        self.broken: list[int] = []
        self._path = path
        self._resume()
        self._began_s, self._played = time.monotonic(), 0

    @property
    def line(self) -> str:
        """How far it is, how fast it goes, and how long the rest will take."""
        rate = self._rate
        whole = len(self.seeds)
        left_min = (whole - self.done) / rate / S_PER_MIN if rate else 0.0
        said = f"seeds {self.done}/{whole}  {rate:.1f} seeds/s  {left_min:.0f} min left  "
        more = "..." if len(self.broken) > SHOWN_MAX else ""
        return f"{said}{len(self.broken)} broken {self.broken[:SHOWN_MAX]}{more}"

    def summary(self, cores: int) -> str:
        """How many seeds of each size were played, and how fast those of this run, each core for itself too."""
        sizes = ", ".join(f"{self.sizes[size]} {size}" for size in Size)
        rate = f"{self._rate:.1f} seeds/s on {cores} cores, {self._rate / cores:.1f} each"
        return f"seeds played: {sizes}\n{self._played} of them now: {rate}"

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count the Worlds that come next in the range, and keep that."""
        for outcome in outcomes:
            self.met.update(outcome.coverage)
            self.sizes[setting_of(outcome.seed).size] += 1
            if outcome.violations:
                self.broken.append(outcome.seed)
        self.done += len(outcomes)
        self._played += len(outcomes)
        self._keep()

    @property
    def _rate(self) -> float:
        return self._played / max(time.monotonic() - self._began_s, 1e-9)

    @property
    def _name(self) -> str:
        return f"{self.seeds.start}:{self.seeds.stop}"

    def _resume(self) -> None:
        if self._path is None or not self._path.exists():
            return
        kept = json.loads(self._path.read_text())
        if kept["seeds"] == self._name and "sizes" in kept:
            self.sizes.update(kept["sizes"])
            self.done, self.broken = int(kept["done"]), list(kept["broken"])
            self.met.update({(fault, phase): count for fault, phase, count in kept["coverage"]})

    def _keep(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        coverage = [[fault, phase, count] for (fault, phase), count in sorted(self.met.items())]
        kept = {"seeds": self._name, "done": self.done, "broken": self.broken, "sizes": self.sizes}
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(kept | {"coverage": coverage}))
        fresh.replace(self._path)
