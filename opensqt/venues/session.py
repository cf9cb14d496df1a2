"""The HTTP session through which a venue is reached: the paper venue, under its own authority.

In paper every host name resolves to the paper venue and only its certificate authority is trusted, so that a real
venue cannot be reached by mistake. URLs are never rewritten. A profile that is not built has no session at all.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from opensqt.runtime.config.all import ConfigError, Profile
from opensqt.runtime.config.rules import require_built

PAPER_VENUE = "OPENSQT_PAPER_VENUE"
PAPER_CA = "OPENSQT_PAPER_CA"


class NoVenue(ConfigError):
    """The environment does not say how the venue is reached."""


class OneHost(AbstractResolver):
    """Resolves every name to one host; the port of the answer replaces the port of the URL.

    That host may be a name of its own, which is looked up each time: in a cluster its address changes.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the one address, whatever was asked; raise `OSError` where its name is not known."""
        del port, family
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(self._host, self._port, family=socket.AF_INET)
        return [
            ResolveResult(
                hostname=host,
                host=str(found[0][4][0]),
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Hold nothing."""


def open_session(environ: Mapping[str, str], profile: Profile) -> aiohttp.ClientSession:
    """Return a session that reaches the paper venue only; raise `ConfigError` for a profile that is not built.

    Where the environment does not say how the paper venue is reached, raise `NoVenue` naming the variable.
    """
    require_built(profile)
    host, _, port = environ.get(PAPER_VENUE, "").rpartition(":")
    if not host or not port.isdigit():
        raise NoVenue(f"{PAPER_VENUE} must be HOST:PORT of the paper venue; start it with `up`")
    authority = environ.get(PAPER_CA, "")
    if not authority:
        raise NoVenue(f"{PAPER_CA} must name the paper venue's ca.pem; start it with `up`")
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise NoVenue(f"{PAPER_CA} {authority} cannot be read: {error.strerror}") from error
    return paper_session(host, int(port), context)


def paper_session(host: str, port: int, context: ssl.SSLContext) -> aiohttp.ClientSession:
    """Return a session in which every name is this host and port."""
    connector = aiohttp.TCPConnector(resolver=OneHost(host, port), ssl=context)
    return aiohttp.ClientSession(connector=connector)
