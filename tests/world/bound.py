"""What a World may cost: one in which somebody goes round and round while no time passes is named, not waited for."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType

CPU_S_MAX = 60.0  # a thousand times what a World takes
AGAIN_S = 1.0  # where the first one was raised, it may have been swallowed
NAMED = 4  # functions
OURS = ("services", "opensqt")


class Endless(KeyboardInterrupt):
    """A World has used up its processor time. No service catches this, so it ends whoever runs."""


@contextlib.contextmanager
def bounded(cpu_s_max: float) -> Iterator[None]:
    """Raise `Endless`, which says where the process was, when this has run for so many seconds of its processor."""

    def end(_: int, frame: FrameType | None) -> None:
        raise Endless(f"{cpu_s_max:g} s of processor time were not enough: {_place(frame)}")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s_max, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _place(frame: FrameType | None) -> str:
    """Name the innermost functions of the platform."""
    names = []
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(OURS):
            names.append(f"{module}.{frame.f_code.co_qualname}")
        frame = frame.f_back
    return " from ".join(names[:NAMED]) or "no service was running"
