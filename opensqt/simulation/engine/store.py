"""The venue's memory: SQLite for state, and the audit file written from the same commit; or memory only.

`commit` makes a set of changes and their audit lines durable against SIGKILL in one transaction, then appends the
lines to the audit file. Each line is stored with its offset in the file, so a start after SIGKILL cuts a torn line and
writes what is missing: no line is lost and none is written twice. It never decides anything.
"""

import os
import sqlite3
from pathlib import Path

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.audit import AuditRow
from opensqt.simulation.engine.orders import OPEN, Execution, VenueOrder
from opensqt.simulation.engine.records import Income, Records
from opensqt.simulation.engine.wallets import SimulatedAccount

SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (
  order_id INTEGER, market TEXT, account TEXT, symbol TEXT, client_id TEXT, open INTEGER, created_ms INTEGER,
  blob BLOB, PRIMARY KEY (market, order_id));
CREATE INDEX IF NOT EXISTS orders_client ON orders (account, symbol, client_id, order_id);
CREATE INDEX IF NOT EXISTS orders_open ON orders (open) WHERE open = 1;
CREATE INDEX IF NOT EXISTS orders_symbol ON orders (account, symbol, order_id);
CREATE TABLE IF NOT EXISTS executions (
  account TEXT, symbol TEXT, trade_id INTEGER, order_id INTEGER, time_ms INTEGER, blob BLOB,
  PRIMARY KEY (account, symbol, trade_id));
CREATE TABLE IF NOT EXISTS income (
  tran_id INTEGER PRIMARY KEY, account TEXT, symbol TEXT, kind TEXT, time_ms INTEGER, blob BLOB);
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, blob BLOB);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB);
CREATE TABLE IF NOT EXISTS audit (offset INTEGER PRIMARY KEY, line BLOB);
"""


class Changes(msgspec.Struct, kw_only=True):
    """What one step of the venue changed and must be durable before anybody hears of it."""

    orders: dict[tuple[Market, int], VenueOrder] = {}
    executions: list[Execution] = []
    income: list[Income] = []
    accounts: dict[str, SimulatedAccount] = {}
    meta: dict[str, bytes] = {}
    audit: list[AuditRow] = []

    def __bool__(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.orders or self.executions or self.accounts or self.meta or self.audit)


class Store:
    """State and audit of the venue in one folder; without one, for a venue in this process, state in memory only."""

    def __init__(self, folder: Path | None = None, audit_path: Path | None = None) -> None:
        place = ":memory:"
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            place = str(folder / "state.sqlite")
        self._base = sqlite3.connect(place, isolation_level=None)
        self.records = Records(self._base)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=OFF")
        self._base.executescript(SCHEMA)
        self._audit = os.open(audit_path or os.devnull, os.O_RDWR | os.O_CREAT, 0o600)
        self._end = self._repair()

    def _repair(self) -> int:
        """Make the audit file hold exactly what was committed; return its length in bytes."""
        size = os.lseek(self._audit, 0, os.SEEK_END)
        rows = self._base.execute(
            "SELECT offset, line FROM audit WHERE offset + length(line) > ? ORDER BY offset",
            (size,),
        ).fetchall()
        if rows:
            size = rows[0][0]
            os.ftruncate(self._audit, size)
            os.lseek(self._audit, size, os.SEEK_SET)
            missing = b"".join(row[1] for row in rows)
            self._append(missing)
            size += len(missing)
        return size

    def commit(self, changes: Changes) -> None:
        """Make changes durable and write their audit lines; when it returns a reply may leave.

        Where the disk refuses, the process ends: memory must not run ahead of what a restart would know.
        """
        lines: list[tuple[int, bytes]] = []
        end = self._end
        for row in changes.audit:
            line = msgspec.json.encode(row) + b"\n"
            lines.append((end, line))
            end += len(line)
        try:
            self._base.execute("BEGIN")
            self._write(changes)
            self._base.executemany("INSERT INTO audit VALUES (?, ?)", lines)
            self._base.execute("COMMIT")
        except sqlite3.Error as error:
            raise SystemExit(
                f"venue: the state cannot be written ({error}): free the disk"
            ) from error
        if lines:
            self._append(b"".join(line for _, line in lines))
            self._end = end

    def _write(self, changes: Changes) -> None:
        encode = msgspec.json.encode
        self._base.executemany(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    o.order_id,
                    o.market,
                    o.account,
                    o.symbol,
                    o.client_order_id,
                    o.status in OPEN,
                    o.created_ms,
                    encode(o),
                )
                for o in changes.orders.values()
            ],
        )
        self._base.executemany(
            "INSERT INTO executions VALUES (?, ?, ?, ?, ?, ?)",
            [
                (e.account, e.symbol, e.trade_id, e.order_id, e.time_ms, encode(e))
                for e in changes.executions
            ],
        )
        self._base.executemany(
            "INSERT INTO income VALUES (?, ?, ?, ?, ?, ?)",
            [
                (i.tran_id, i.account, i.symbol, i.kind, i.time_ms, encode(i))
                for i in changes.income
            ],
        )
        self._base.executemany(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?)",
            [(name, encode(account)) for name, account in changes.accounts.items()],
        )
        self._base.executemany(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", list(changes.meta.items())
        )

    def _append(self, lines: bytes) -> None:
        """Write all of it, or end the process: the next start repairs the file from what was committed."""
        try:
            while lines:
                lines = lines[os.write(self._audit, lines) :]
        except OSError as error:
            raise SystemExit(
                f"venue: the audit cannot be written ({error}): free the disk"
            ) from error

    def prune_audit(self) -> None:
        """Forget committed lines that the audit file holds."""
        self._base.execute("DELETE FROM audit WHERE offset + length(line) <= ?", (self._end,))

    def close(self) -> None:
        """Close database and audit file."""
        self._base.close()
        os.close(self._audit)
