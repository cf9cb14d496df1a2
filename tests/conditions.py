"""Waiting for what another process or task does: the one place where tests let time pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from functools import partial

POLL_S = 0.01


async def until(
    holds: Callable[[], bool | Awaitable[bool]], *, within_s: float = 10.0, poll_s: float = POLL_S
) -> None:
    """Return as soon as the condition holds; raises `TimeoutError` naming it otherwise."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        answer = holds()
        if await answer if inspect.isawaitable(answer) else answer:
            return
        await asyncio.sleep(poll_s)
    raise TimeoutError(f"{_named(holds)} did not hold within {within_s} s")


def _named(holds: Callable[[], object]) -> str:
    """Return a condition as it was written; a partial has no source, so its function and arguments stand for it."""
    return repr(holds) if isinstance(holds, partial) else inspect.getsource(holds).strip()


async def stays(holds: Callable[[], bool], *, for_s: float) -> bool:
    """Watch a condition for so many wall seconds; tell whether it held all the time."""
    end_s = time.monotonic() + for_s
    while time.monotonic() < end_s:
        if not holds():
            return False
        await asyncio.sleep(POLL_S)
    return True
