"""What somebody changes at the venue of a running desk behind its back, and looks that the desk is asked for."""

import asyncio
import ssl
from typing import Any

import aiohttp

from opensqt.cli.executors import ask_executors
from opensqt.runtime.token import read_token
from opensqt.venues.session import paper_session
from tests.e2e.desk import Desk

PAGE = "https://venue.admin/admin/changes"


async def change(desk: Desk, *changes: dict[str, Any]) -> None:
    """Let the venue's books change; each names its `type` and, where it names none, the account `main`."""
    assert await changed(desk, *changes), changes


async def changed(desk: Desk, *changes: dict[str, Any]) -> bool:
    """Try to let them change; tell whether all could: an order that has ended cannot end again."""
    context = ssl.create_default_context(cafile=str(desk.data / "ca" / "ca.pem"))
    async with paper_session("127.0.0.1", desk.run_file.ports["venue"], context) as session:
        headers = {"Authorization": f"Bearer {read_token(desk.data)}"}
        named = [{"account": "main", **one} for one in changes]
        answer: aiohttp.ClientResponse = await session.post(PAGE, json=named, headers=headers)
        assert answer.status in (200, 400), await answer.text()
        return answer.status == 200


async def look(desk: Desk) -> None:
    """Let every executor look at its venue now."""
    (asked,) = await asyncio.to_thread(ask_executors, desk.data, desk.run_file, "/reconcile", {})
    assert asked.said == {"looked": True}, asked
