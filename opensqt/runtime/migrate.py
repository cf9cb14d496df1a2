"""`python -m opensqt.runtime.migrate`: bring OPENSQT_POSTGRES_DSN to this version and journal the desk's generation.

It works as the owner of the database, which nobody else does, and makes the logins of the processes (OPENSQT_LOGINS).
"""

import asyncio
import os
import sys
from pathlib import Path

from opensqt.runtime.access.credentials import BadCredentials
from opensqt.runtime.access.logins import known_logins, make_logins
from opensqt.runtime.clock import open_clock
from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.environment import Environment
from opensqt.runtime.journal.desk import ensure_generation
from opensqt.runtime.journal.migrate import MigrationFault, migrate
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.journal.postgres import PostgresJournal

__all__ = ["main", "migrate", "prepare"]

ACTOR = "migrate"
LOGINS = "OPENSQT_LOGINS"  # a folder with the credentials of each process, PROCESS.json


async def prepare(dsn: str, data: Path | None, logins: Path | None = None) -> str:
    """Migrate a database, journal its generation, make the logins, and return one line that says what was done."""
    applied = await migrate(dsn)
    made = await make_logins(dsn, known_logins(logins)) if logins is not None else 0
    journal = await PostgresJournal.connect(dsn)
    try:
        generation = await ensure_generation(journal, ACTOR, open_clock(data))
    finally:
        await journal.close()
    done = ", ".join(applied) or "nothing, all there"
    return f"applied {done}; {made} logins; desk generation {generation}"


def main() -> int:
    """Run `prepare` from the environment; exit 0 done, 2 configuration, 3 database not reachable."""
    try:
        told = Environment.read(os.environ)
        if not told.postgres_dsn:
            return _say(
                "OPENSQT_POSTGRES_DSN is not set, expected postgresql://user@host:port/database", 2
            )
        logins = os.environ.get(LOGINS, "")
        work = prepare(told.postgres_dsn, told.data, Path(logins) if logins else None)
        return _say(asyncio.run(work), 0)
    except (MigrationFault, ConfigError, BadCredentials) as error:
        return _say(str(error), 2)
    except JournalDown as error:
        return _say(str(error), 3)


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"migrate: {line}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
