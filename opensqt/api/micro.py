"""The table over NATS: an endpoint a call, so that `nats micro ls`, `info` and `nats req` work. A thin shell.

A reply of NATS is one message: a subscription answers with what came, or with nothing after a few seconds, and with
the sequence behind which to ask on.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import nats.micro
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service, ServiceConfig

from opensqt import __version__
from opensqt.api.answering import Answering
from opensqt.api.call import Call, Plain
from opensqt.api.codes import CODES, CallRefused, Code

NAME = "opensqt-api"
SUBJECT = "svc.gateway.v1"  # below it the gateway may answer; people may ask `svc.>`
VIA = "nats"
ONCE = "Once"
WAIT_S_MAX = 5.0  # for the first message of a subscription
TOLD_MAX = 200  # messages in an answer
SUBSCRIBERS_MAX = 100


def subject_of(call: Call) -> str:
    """Return where a call is asked."""
    return f"{SUBJECT}.{call.path}"


async def serve(client: Client, answering: Answering) -> Service:
    """Register every call of the table; any gateway of a desk answers."""
    service = await nats.micro.add_service(
        client,
        ServiceConfig(name=NAME, version=__version__, description="the calls of an OpenSQT desk"),
    )
    waiting: set[asyncio.Future[None]] = set()
    for call in answering.calls.values():
        await service.add_endpoint(
            EndpointConfig(
                name=re.sub(r"\W", "-", call.path),
                subject=subject_of(call),
                handler=_subscribing(answering, call, waiting)
                if call.streams
                else _answering(answering, call),
                metadata={"scope": call.scope.value, "summary": call.summary},
            )
        )
    return service


def _answering(answering: Answering, call: Call) -> Callable[[Request], Awaitable[None]]:
    async def answer(request: Request) -> None:
        headers = request.headers or {}
        try:
            caller = answering.caller(call, headers, VIA)
            once = _header(headers, ONCE)
            said = await answering.answer(call, caller, request.data, once)
        except CallRefused as refused:
            await _refuse(request, refused)
        else:
            await request.respond(msgspec.json.encode(said))

    return answer


def _subscribing(
    answering: Answering, call: Call, waiting: set[asyncio.Future[None]]
) -> Callable[[Request], Awaitable[None]]:
    async def tell(request: Request) -> None:
        try:
            answering.caller(call, request.headers or {}, VIA)
            await request.respond(msgspec.json.encode(await _news(answering, call, request)))
        except CallRefused as refused:
            await _refuse(request, refused)

    async def begin(request: Request) -> None:
        if len(waiting) >= SUBSCRIBERS_MAX:
            text = f"{SUBSCRIBERS_MAX} subscribers are waiting"
            await _refuse(request, CallRefused(Code.UNAVAILABLE, text))
            return
        # Whoever waits for news keeps nobody else from being answered.
        task = asyncio.ensure_future(tell(request))
        waiting.add(task)
        task.add_done_callback(waiting.discard)

    return begin


async def _news(answering: Answering, call: Call, request: Request) -> Plain:
    """Return what came, at most `TOLD_MAX` messages, and behind which sequence to ask on."""
    found: list[Plain] = []
    last = answering.newest
    news = answering.hear(call, request.headers or {}, VIA, request.data)
    async with contextlib.aclosing(news):
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S_MAX):
                async for sequence, line in news:
                    last = sequence
                    found += [line] if line is not None else []
                    if len(found) >= TOLD_MAX or (found and sequence >= answering.newest):
                        break
    return {"messages": found, "sequence": last}


async def _refuse(request: Request, refused: CallRefused) -> None:
    code = str(CODES[refused.code].status)
    await request.respond_error(code, refused.detail, msgspec.json.encode(refused.said))


def _header(headers: Mapping[str, Any], name: str) -> str:
    return next((str(v) for key, v in headers.items() if key.lower() == name.lower()), "")
