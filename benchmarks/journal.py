"""How fast the journal commits and reads, on a Postgres of its own with fsync on. Prints one line a figure."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from opensqt.runtime.journal.migrate import migrate
from opensqt.runtime.journal.port import Entry, Lease
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from tests.journals import entry, event
from tests.servers import PostgresServer

SINGLE = 1000
GROUPED = 20_000


def order(name: str, lease: Lease) -> Entry:
    """Return an append of one event of an order of its own, under a lease."""
    return entry(event(name, stream=f"order/{name}", subject="evt.order.x"), fence=lease.fence)


async def quantiles_ms(count: int, call: Callable[[int], Awaitable[object]]) -> tuple[float, float]:
    """Return p50 and p99 of calls one after the other, in ms."""
    spans = []
    for number in range(count):
        began_s = time.perf_counter()
        await call(number)
        spans.append((time.perf_counter() - began_s) * 1000)
    spans.sort()
    return spans[count // 2], spans[count * 99 // 100]


async def measure(dsn: str) -> None:
    """Measure a fresh database and print."""
    await migrate(dsn)
    journal = await PostgresJournal.connect(dsn)
    lease = await PostgresLeases(journal).acquire("executor/bench", "bench", 60_000)
    if lease is None:
        raise LookupError("the lease of the benchmark is held")
    p50, p99 = await quantiles_ms(SINGLE, lambda n: journal.append(order(f"s{n}", lease)))
    print(f"append, one at a time: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    for waiting in (8, 64, 256):
        slots = asyncio.Semaphore(waiting)

        async def append(number: int, slots: asyncio.Semaphore = slots) -> None:
            async with slots:
                await journal.append(order(f"g{slots!r}{number}", lease))

        began_s = time.perf_counter()
        await asyncio.gather(*(append(number) for number in range(GROUPED)))
        rate = GROUPED / (time.perf_counter() - began_s)
        print(f"append, {waiting} waiting: {rate:.0f} events/s")
    began_s, position = time.perf_counter(), 0
    while rows := await journal.read(position, 1000):
        position = rows[-1].position
    print(f"read: {position / (time.perf_counter() - began_s):.0f} rows/s of {position}")
    await journal.close()


def main() -> None:
    """Start a server, measure, stop it."""
    with tempfile.TemporaryDirectory(prefix="sqt-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        server = PostgresServer(place / "postgres", fsync=True)
        (place / "postgres").mkdir()
        server.start()
        try:
            asyncio.run(measure(server.dsn))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
