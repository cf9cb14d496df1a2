"""Whether the loops of a process make progress. A process that answers and does nothing is the worst kind of dead.

A loop says `step` whenever it goes on, and `rest` where it may wait for others for ever. It only measures: what stands
still makes /healthz fail and ends the renewal of leases.
"""

from collections.abc import Callable

STILL_S_MAX = 30.0  # wall: beyond what any answer of a server is waited for


class Loop:
    """One named loop; `still_s` is how long it has not gone on, nothing while it rests."""

    def __init__(self, name: str, clock_s: Callable[[], float]) -> None:
        self.name = name
        self._clock_s = clock_s
        self._since_s: float | None = None

    def step(self) -> None:
        """Note that it goes on: its next step, or its rest, is due within the limit."""
        self._since_s = self._clock_s()

    def rest(self) -> None:
        """Note that it waits for something that may never come, or has ended."""
        self._since_s = None

    @property
    def still_s(self) -> float:
        """Wall seconds since its last step; 0 while it rests."""
        return 0.0 if self._since_s is None else self._clock_s() - self._since_s


class Progress:
    """The loops of one process; without a clock nobody watches, and nothing ever stands still."""

    def __init__(
        self, clock_s: Callable[[], float] = float, *, still_s_max: float = STILL_S_MAX
    ) -> None:
        self._clock_s = clock_s
        self._still_s_max = still_s_max
        self._loops: list[Loop] = []

    def loop(self, name: str) -> Loop:
        """Return a loop to watch; it rests until its first step."""
        made = Loop(name, self._clock_s)
        self._loops.append(made)
        return made

    def forget(self, loop: Loop) -> None:
        """Watch a loop that has ended no longer."""
        if loop in self._loops:
            self._loops.remove(loop)

    @property
    def standing(self) -> str:
        """Name the loops that have stood still for too long, and how long; nothing when all go on."""
        return ", ".join(
            f"{loop.name} stands still for {loop.still_s:.0f} s"
            for loop in self._loops
            if loop.still_s > self._still_s_max
        )
