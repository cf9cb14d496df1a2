"""An empty JetStream for every test that shares a server."""

import asyncio
import json
from urllib.parse import urlsplit

import nats

# A loaded machine may take its time; a test that waits is better than one that fails for nothing.
PATIENCE_S = 20


async def wipe(url: str) -> None:
    """Delete every stream of the server."""
    client = await nats.connect(url, allow_reconnect=False, connect_timeout=PATIENCE_S)
    try:
        jetstream = client.jetstream(timeout=PATIENCE_S)
        for stream in await jetstream.streams_info():
            await jetstream.delete_stream(str(stream.config.name))
    finally:
        await client.close()


async def greeted(url: str, user: str, password: str) -> str:
    """Return what a server says, in small letters, to who introduces himself."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    await reader.readline()
    words = json.dumps({"user": user, "pass": password, "verbose": False})
    writer.write(f"CONNECT {words}\r\nPING\r\n".encode())
    said = (await reader.readline()).decode().strip().lower()
    writer.close()
    await writer.wait_closed()
    return said
