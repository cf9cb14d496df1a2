"""An empty JetStream for every test that shares a server."""

import nats


async def wipe(url: str) -> None:
    """Delete every stream of the server."""
    client = await nats.connect(url, allow_reconnect=False)
    try:
        jetstream = client.jetstream()
        for stream in await jetstream.streams_info():
            await jetstream.delete_stream(str(stream.config.name))
    finally:
        await client.close()
