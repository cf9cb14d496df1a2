"""An empty JetStream for every test that shares a server."""

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
