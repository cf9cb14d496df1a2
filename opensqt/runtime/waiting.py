"""Waiting for an event or for time, whichever comes first, on the run's clock, so that a virtual clock can drive it."""

import asyncio

from opensqt.runtime.clock import Clock


async def event_within(clock: Clock, event: asyncio.Event, seconds_wall: float) -> bool:
    """Wait for an event for at most so many wall seconds; tell whether it happened."""
    if event.is_set():
        return True
    if seconds_wall <= 0:
        return False
    happened = asyncio.ensure_future(event.wait())
    elapsed = asyncio.ensure_future(clock.sleep(seconds_wall))
    try:
        await asyncio.wait((happened, elapsed), return_when=asyncio.FIRST_COMPLETED)
    finally:
        happened.cancel()
        elapsed.cancel()
    return event.is_set()
