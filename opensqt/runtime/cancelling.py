"""Cancellations that are heeded, also on Python 3.11: its `asyncio.wait_for` swallows one that arrives with the answer.

The client of NATS waits so for every answer. A task that was told to end and does not is a loop that looks alive.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

ASKED_AGAIN_S = 0.05

_Result = TypeVar("_Result")


async def heeding(call: Awaitable[_Result]) -> _Result:
    """Await something; whatever it answers, be cancelled if that was asked for meanwhile."""
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("only a task can be cancelled, and none is running")
    asked = task.cancelling()
    try:
        result = await call
    except Exception as error:
        # Whatever it failed with: a cancellation that came meanwhile was swallowed with it, and it is what counts.
        # The error goes on as its cause, and as itself where nobody cancelled; nothing is caught for good here.
        if task.cancelling() > asked:
            raise asyncio.CancelledError from error
        raise
    if task.cancelling() > asked:
        raise asyncio.CancelledError
    return result


async def ended(task: asyncio.Task[Any], *, within_s: float) -> bool:
    """Cancel a task, again and again until it has ended; tell whether it did so in time (wall seconds).

    What it raised is no longer of interest.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while not task.done() and loop.time() < until_s:
        task.cancel()
        await asyncio.wait((task,), timeout=ASKED_AGAIN_S)
    if not task.done():
        return False
    if not task.cancelled():
        task.exception()
    return True
