"""How fast the journal commits and reads, on a Postgres of its own with fsync on.

Prints one line a figure and writes reports/journal.json.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.stand import machine
from opensqt.domain.journal import Entry, Lease
from opensqt.runtime.journal.migrate import migrate
from opensqt.runtime.journal.postgres import PostgresJournal, PostgresLeases
from tests.journals import entry, event
from tests.servers import PostgresServer

REPORT = Path("reports") / "journal.json"
SINGLE = 1000
GROUPED = 20_000
SHORT = 10  # so many times fewer


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


async def measure(dsn: str, single: int, grouped: int) -> dict[str, Any]:
    """Measure a fresh database, print and return the report."""
    report: dict[str, Any] = {"what": "journal", "machine": machine.facts(), "together": {}}
    await migrate(dsn)
    journal = await PostgresJournal.connect(dsn)
    lease = await PostgresLeases(journal).acquire("executor/bench", "bench", 60_000)
    if lease is None:
        raise LookupError("the lease of the benchmark is held")
    p50, p99 = await quantiles_ms(single, lambda n: journal.append(order(f"s{n}", lease)))
    print(f"append, one at a time: p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    report["single_ms"] = {"count": single, "p50": round(p50, 3), "p99": round(p99, 3)}
    for waiting in (8, 64, 256):
        slots = asyncio.Semaphore(waiting)

        async def append(number: int, slots: asyncio.Semaphore = slots) -> None:
            async with slots:
                await journal.append(order(f"g{slots!r}{number}", lease))

        began_s = time.perf_counter()
        await asyncio.gather(*(append(number) for number in range(grouped)))
        rate = grouped / (time.perf_counter() - began_s)
        print(f"append, {waiting} waiting: {rate:.0f} events/s")
        report["together"][str(waiting)] = round(rate)
    began_s, position = time.perf_counter(), 0
    while rows := await journal.read(position, 1000):
        position = rows[-1].position
    rate = position / (time.perf_counter() - began_s)
    print(f"read: {rate:.0f} rows/s of {position}")
    report["read_per_s"] = round(rate)
    await journal.close()
    return report


def main() -> None:
    """Start a server, measure, stop it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="fewer events; figures mean little")
    parser.add_argument("--report", type=Path, default=REPORT)
    words = parser.parse_args()
    less = SHORT if words.short else 1
    with tempfile.TemporaryDirectory(prefix="sqt-") as folder:
        place = Path(folder)
        place.chmod(0o755)
        server = PostgresServer(place / "postgres", fsync=True)
        (place / "postgres").mkdir()
        server.start()
        try:
            report = asyncio.run(measure(server.dsn, SINGLE // less, GROUPED // less))
        finally:
            server.stop()
    words.report.parent.mkdir(parents=True, exist_ok=True)
    words.report.write_text(msgspec.json.format(msgspec.json.encode(report)).decode())


if __name__ == "__main__":
    main()
