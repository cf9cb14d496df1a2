"""`python -m opensqt.runtime.migrate`: bring OPENSQT_POSTGRES_DSN to this version and journal the desk's generation."""

import asyncio
import os
import sys
from pathlib import Path

from opensqt.runtime.clock import open_clock
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.runtime.journal.migrate import MigrationFault, migrate
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal

__all__ = ["main", "migrate", "prepare"]

ACTOR = "migrate"


async def prepare(dsn: str, data: Path | None) -> str:
    """Migrate a database, journal its generation, and return one line that says what was done."""
    applied = await migrate(dsn)
    journal = await PostgresJournal.connect(dsn)
    try:
        generation = await ensure_generation(journal, ACTOR, open_clock(data))
    finally:
        await journal.close()
    return f"applied {', '.join(applied) or 'nothing, all there'}; desk generation {generation}"


def main() -> int:
    """Run `prepare` from the environment; exit 0 done, 2 configuration, 3 database not reachable."""
    dsn = os.environ.get("OPENSQT_POSTGRES_DSN", "")
    if not dsn:
        return _say(
            "OPENSQT_POSTGRES_DSN is not set, expected postgresql://user@host:port/database", 2
        )
    data = os.environ.get("OPENSQT_DATA", "")
    try:
        return _say(asyncio.run(prepare(dsn, Path(data) if data else None)), 0)
    except MigrationFault as error:
        return _say(str(error), 2)
    except JournalDown as error:
        return _say(str(error), 3)


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"migrate: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
