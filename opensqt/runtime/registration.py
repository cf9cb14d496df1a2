"""Registers a process with the NATS services API, so that `nats micro ls` and `info` show it. Answers, never asks."""

import json
from collections.abc import Callable
from typing import Any

import nats.micro
from nats.aio.client import Client
from nats.micro.request import Request
from nats.micro.service import EndpointConfig, Service, ServiceConfig

from opensqt import __version__
from opensqt.domain.subjects import token


async def register(client: Client, name: str, status: Callable[[], dict[str, Any]]) -> Service:
    """Register under the process's name with one endpoint that answers `status` as JSON."""
    process = token(name)
    service = await nats.micro.add_service(
        client,
        ServiceConfig(name=process, version=__version__, description=f"OpenSQT {name}"),
    )

    async def answer(request: Request) -> None:
        await request.respond(json.dumps(status(), default=str).encode())

    await service.add_endpoint(
        EndpointConfig(name="status", handler=answer, subject=f"svc.{process}.status")
    )
    return service
