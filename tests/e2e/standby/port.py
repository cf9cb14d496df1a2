"""A process asked by its own port, as the command line asks it."""

from typing import Any

import aiohttp

from tests.crash.desk import KILL, Seat
from tests.crash.house import TOKEN

HTTP = aiohttp.ClientTimeout(total=2)


async def status(seat: Seat) -> dict[str, Any]:
    """Return what a process says of itself; nothing while it does not answer."""
    try:
        async with (
            aiohttp.ClientSession(timeout=HTTP) as session,
            session.get(_url(seat, "/status")) as answer,
        ):
            said: dict[str, Any] = await answer.json()
            return said
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return {}


async def kill(seat: Seat) -> bool:
    """Tell an executor to kill the desk; tell whether it confirmed."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        aiohttp.ClientSession(timeout=HTTP) as session,
        session.post(_url(seat, "/kill"), json=KILL, headers=headers) as answer,
    ):
        return answer.status == 200


def _url(seat: Seat, path: str) -> str:
    return f"http://127.0.0.1:{seat.port}{path}"
