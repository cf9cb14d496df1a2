"""Where projections and snapshots of books are kept, as reconciler and readers see it; Postgres and the twin agree.

Never a truth: whatever is there can be emptied and folded from the journal again.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.ledger import Ledger, LedgerTable
from opensqt.runtime.projection.tables import Row, Touched


class ProjectionMoved(RuntimeError):
    """Somebody else wrote the projections meanwhile; nothing was written."""


class LastPrice(msgspec.Struct, frozen=True, kw_only=True):
    """The last price of a symbol, how many ticks came since the last write, and the smallest that can be traded."""

    venue: str
    symbol: str
    price: Decimal
    ticks: int
    time: datetime
    quantity_step: Decimal = ZERO  # base units; 0 while the rules were not heard
    quantity_min: Decimal = ZERO
    notional_min: Decimal = ZERO  # quote units


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Books as they were kept; `sha256` is the digest of their canonical form."""

    position: int
    sha256: str
    books: Any  # Books, a mutable fold


class ProjectionStore(Protocol):
    """The tables of the projections. All methods raise `JournalDown`."""

    async def head(self) -> int:
        """Return the journal position up to which the tables were folded."""

    async def write(self, books: Ledger, touched: Touched, after: int) -> None:
        """Write changed rows and the new head in one commit; raise `ProjectionMoved` unless the head was `after`."""

    async def replace(self, books: Ledger) -> None:
        """Empty all tables and write every row of the books, in one commit."""

    async def live(self) -> tuple[int, dict[LedgerTable, set[Row]]]:
        """Return the head and all rows of one instant."""

    async def mark(self, marks: list[LastPrice]) -> None:
        """Write the last prices."""

    async def keep(self, books: Ledger) -> None:
        """Keep a snapshot of the books; the newest few stay."""

    async def newest(self) -> Snapshot | None:
        """Return the newest snapshot that is whole and of this version."""
