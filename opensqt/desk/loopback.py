"""HTTP to our own processes on loopback: one request, one answer, one timeout. Reaches nobody else."""

import asyncio
import json
import ssl
from collections.abc import Mapping

import msgspec

TIMEOUT_S = 1.0
BODY_BYTES_MAX = 64 * 1024
OK = 200

Plain = Mapping[str, object]


class HttpReply(msgspec.Struct, frozen=True, kw_only=True):
    """A status code (0 when nobody answered) and the JSON object that came with it."""

    code: int = 0
    said: Plain = {}


async def get(port: int, path: str, *, host: str = "127.0.0.1", ca_file: str = "") -> HttpReply:
    """Ask for a path; `ca_file` means TLS under that authority."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reply = await _talk(port, request, _authority(ca_file) if ca_file else None)
    except (TimeoutError, OSError):
        return HttpReply()
    top, _, content = reply.partition(b"\r\n\r\n")
    words = top.split(b" ", 2)
    code = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
    return HttpReply(code=code, said=_json_object(content))


async def _talk(port: int, request: bytes, tls: ssl.SSLContext | None) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls)
    try:
        writer.write(request)
        await writer.drain()
        reply = b""
        while len(reply) < BODY_BYTES_MAX and (chunk := await reader.read(BODY_BYTES_MAX)):
            reply += chunk
        return reply
    finally:
        writer.close()


def _authority(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file)
    context.check_hostname = False  # the names in the certificate are the real venues'
    return context


def _json_object(body: bytes) -> Plain:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
