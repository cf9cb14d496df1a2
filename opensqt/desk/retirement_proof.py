"""Whether a strategy that leaves the desk holds nothing any more: by its own word, and by the tables beyond that word.

Two folds must agree: the strategy's own, and the one that keeps the projections.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.account import AssetAmount
from opensqt.domain.control import StrategyRetiring
from opensqt.domain.dust import dust
from opensqt.domain.order_state import TERMINAL
from opensqt.domain.strategy_events import StrategyFlattened
from opensqt.runtime.journal.connection import borrowed
from opensqt.runtime.journal.postgres import PostgresJournal
from opensqt.runtime.journal.reading import decode_row

ROWS_MAX = 1000
_HEAD = "SELECT position FROM view.projection_head"
_OPEN = "SELECT count(*) FROM view.orders WHERE strategy = $1 AND NOT status = ANY ($2::text[])"
_HELD = (
    "SELECT h.symbol, h.quantity, coalesce(m.price, 0) AS price, coalesce(m.quantity_step, 0) AS step,"
    " coalesce(m.quantity_min, 0) AS quantity_min, coalesce(m.notional_min, 0) AS notional_min"
    " FROM view.holdings h LEFT JOIN view.marks m ON m.venue = h.venue AND m.symbol = h.symbol"
    " WHERE h.strategy = $1 AND h.quantity <> 0 ORDER BY h.symbol"
)


class RetirementProof(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, up to a journal position; `why` says what is missing, and whether it contradicts the strategy."""

    why: str = ""
    is_contradiction: bool = False
    position: int = 0
    flattened_ms: int = 0
    dust: tuple[AssetAmount, ...] = ()


async def proof_of(
    journal: PostgresJournal, retiring: StrategyRetiring, after: int
) -> RetirementProof:
    """Look whether a strategy that was told to leave at a journal position is flat; raise `JournalDown`."""
    position, flattened = await _word(journal, retiring, after)
    if flattened is None:
        return RetirementProof(why="it has not said that it holds nothing")
    async with borrowed(journal.pool, "read the projections") as connection:
        head = int(await connection.fetchval(_HEAD))
        if head < position:
            return RetirementProof(why="the tables have not come so far")
        count = await connection.fetchval(_OPEN, retiring.strategy, sorted(TERMINAL))
        rows = await connection.fetch(_HELD, retiring.strategy)
    left = {row["symbol"]: row["quantity"] for row in rows if not _is_dust(row)}
    if count or left:
        held = ", ".join(f"{quantity:f} {symbol}" for symbol, quantity in left.items())
        words = ", ".join(filter(None, (f"{count} orders open" if count else "", held)))
        return RetirementProof(why=f"the tables know of {words}", is_contradiction=True)
    return RetirementProof(
        position=head,
        flattened_ms=flattened.time_ms,
        dust=tuple(AssetAmount(asset=row["symbol"], amount=row["quantity"]) for row in rows),
    )


async def _word(
    journal: PostgresJournal, retiring: StrategyRetiring, after: int
) -> tuple[int, StrategyFlattened | None]:
    """Return the strategy's own word, and where it stands."""
    stream = f"strategy/{retiring.strategy}"
    while rows := await journal.read(after, ROWS_MAX, stream_prefix=stream):
        for row in rows:
            after = row.position
            if row.type != StrategyFlattened.__name__ or row.stream != stream:
                continue
            fact = decode_row(row)
            if isinstance(fact, StrategyFlattened) and fact.retiring_ms == retiring.time_ms:
                return row.position, fact
    return 0, None


def _is_dust(row: dict[str, Decimal]) -> bool:
    return row["quantity"] == dust(
        str(row["symbol"]),
        row["quantity"],
        row["price"],
        step=row["step"],
        quantity_min=row["quantity_min"],
        notional_min=row["notional_min"],
    )
