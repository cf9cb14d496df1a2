"""What a person asks of a process. It is carried out to its end, however long whoever asked waits for the answer.

A kill that is given up half way would leave orders at the venue that nobody asks for again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

ACTION_S_MAX = 10.0  # for the answer

Action = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

_under_way: set[asyncio.Future[dict[str, Any]]] = set()  # the loop alone would forget them


async def carried_out(
    action: Action, words: dict[str, Any], within_s: float = ACTION_S_MAX
) -> dict[str, Any]:
    """Return what the action answers, or `why` there is no answer yet while it goes on."""
    doing = asyncio.ensure_future(action(words))
    _under_way.add(doing)
    doing.add_done_callback(_ended)
    try:
        async with asyncio.timeout(within_s):
            return await asyncio.shield(doing)
    except TimeoutError:
        return {
            "why": f"not done within {within_s:.0f} s, and still at it: do venue and journal answer?"
        }


def _ended(doing: asyncio.Future[dict[str, Any]]) -> None:
    _under_way.discard(doing)
    if not doing.cancelled():
        doing.exception()  # who waited has it; a warning at exit would tell it again
