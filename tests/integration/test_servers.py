"""The servers that all other integration tests stand on."""

import asyncpg
import nats
import pytest

from tests.servers import NatsServer, PostgresServer


async def test_every_test_gets_an_empty_jetstream(nats_url: str) -> None:
    """No stream of an earlier test is left, and one can be made."""
    client = await nats.connect(nats_url)
    jetstream = client.jetstream()
    assert await jetstream.streams_info() == []
    await jetstream.add_stream(name="LEFTOVER", subjects=["leftover.>"])
    await client.close()


async def test_a_stream_left_behind_is_gone(nats_url: str) -> None:
    """The test before this one left a stream; this one does not see it."""
    client = await nats.connect(nats_url)
    assert await client.jetstream().streams_info() == []
    await client.close()


@pytest.mark.parametrize("attempt", [1, 2])
async def test_every_test_gets_a_database_of_its_own(postgres_dsn: str, attempt: int) -> None:
    """A table made by one test does not exist in the next."""
    connection = await asyncpg.connect(postgres_dsn)
    await connection.execute("CREATE TABLE mine (attempt int)")
    await connection.execute("INSERT INTO mine VALUES ($1)", attempt)
    assert await connection.fetchval("SELECT count(*) FROM mine") == 1
    await connection.close()


async def test_nats_keeps_port_and_streams_over_a_kill(nats_server: NatsServer) -> None:
    """After SIGKILL and a new start the same address holds the same stream."""
    url = nats_server.url
    client = await nats.connect(url)
    await client.jetstream().add_stream(name="KEPT", subjects=["kept.>"])
    await client.close()
    nats_server.kill()
    nats_server.start()
    assert nats_server.url == url
    client = await nats.connect(url)
    assert [stream.config.name for stream in await client.jetstream().streams_info()] == ["KEPT"]
    await client.close()


async def test_postgres_keeps_port_and_rows_over_a_kill(postgres_server: PostgresServer) -> None:
    """After SIGKILL and an immediate new start the same address holds the committed row."""
    dsn = postgres_server.dsn
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    await connection.close()
    postgres_server.kill()
    postgres_server.start()
    assert postgres_server.dsn == dsn
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("SELECT one FROM kept") == 1
    await connection.close()
