"""Registers a process with the NATS services API: `nats micro ls` shows it, and people reach it where no port does.

One endpoint under its own name answers with its status. What is asked under `svc.desk.` is answered by everybody who
is meant, each for itself: all of them tell how they are, executors and their standbys obey `kill` and `resume`, risk
`breakers` and `limits`. A kill needs no more than the bus, like `ctl.kill`; all else needs a proof that who asks holds
the desk's token.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import nats.micro
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service, ServiceConfig

from opensqt import __version__
from opensqt.domain.subjects import token
from opensqt.runtime.actions import Action, carried_out
from opensqt.runtime.command_body import KILL, BadCommand, words_for
from opensqt.runtime.token import proves

STATUS = "svc.desk.status"  # everybody's
COMMANDS = {
    KILL: "svc.desk.kill",
    "/resume": "svc.desk.resume",
    "/breakers": "svc.desk.breakers",
    "/limits": "svc.desk.limits",
}  # by the path of the same action over HTTP
PROVEN = frozenset({"/resume", "/breakers", "/limits"})
UNPROVEN = (
    "proof: expected one made with the token of the desk; name its file with --context or"
    " OPENSQT_TOKEN_FILE"
)


class Registered(msgspec.Struct, frozen=True):
    """A process as the bus sees it: its name, what it says of itself, and what a person may ask of it."""

    name: str
    status: Callable[[], dict[str, Any]]
    actions: Mapping[str, Action] = {}
    token_file: Path | None = None


async def register(client: Client, process: Registered) -> Service:
    """Register a process under its name."""
    name = token(process.name)
    service = await nats.micro.add_service(
        client,
        ServiceConfig(name=name, version=__version__, description=f"OpenSQT {process.name}"),
    )

    async def answer(request: Request) -> None:
        await request.respond(_json(_signed(process, service.id, process.status())))

    status = EndpointConfig(name="status", handler=answer, subject=f"svc.{name}.status")
    await service.add_endpoint(status)
    # A group of its own: each instance gets the question, not one of them.
    everybody = EndpointConfig(
        name="desk-status", handler=answer, subject=STATUS, queue_group=service.id
    )
    await service.add_endpoint(everybody)
    for path, subject in COMMANDS.items():
        if path in process.actions:
            await service.add_endpoint(
                EndpointConfig(
                    name=path.strip("/"),
                    handler=_obeying(process, path, service.id),
                    subject=subject,
                    queue_group=service.id,
                )
            )
    return service


def _obeying(process: Registered, path: str, instance: str) -> Callable[[Request], Any]:
    async def obey(request: Request) -> None:
        await request.respond(
            _json(_signed(process, instance, await _obeyed(process, path, request.data)))
        )

    return obey


async def _obeyed(process: Registered, path: str, body: bytes) -> dict[str, Any]:
    try:
        words = words_for(path, body)
    except BadCommand as error:
        return {"why": str(error)}
    if path in PROVEN and not proves(process.token_file, path, words):
        return {"why": UNPROVEN}
    return await carried_out(process.actions[path], words)


def _signed(process: Registered, instance: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"process": process.name, "instance": instance} | said


def _json(said: dict[str, Any]) -> bytes:
    return json.dumps(said, default=str).encode()
