"""The last line of `up`: what the desk of a folder has done so far. Reads journal, projections and audit.

Brings the projections to the journal's end first, as nobody else does once the desk has stopped.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import asyncpg
import msgspec

from opensqt.cli.orders import OPEN
from opensqt.cli.positions import positions, strategies
from opensqt.cli.reading import Source, bring_up, fetch
from opensqt.cli.verify import judged
from opensqt.desk.error import CliError
from opensqt.desk.runfile import read_run
from opensqt.domain.decimals import EXACT
from opensqt.domain.instruments import quote_asset
from opensqt.domain.profit import total
from opensqt.runtime.codec import Undecodable
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.projection.tables import tidied

JUDGED_ROWS_MAX = (
    5_000  # of a desk that was told to stop now: longer journals are for `opensqt verify`
)
CENT = Decimal("0.00000001")
_COUNTS = (
    "SELECT (SELECT coalesce(sum(ticks), 0) FROM view.marks)::bigint AS ticks,"
    " (SELECT count(*) FROM journal WHERE type IN ('RiskApproved', 'RiskRefused')) AS intents,"
    " (SELECT count(*) FROM view.orders) AS orders, (SELECT count(*) FROM view.fills) AS fills,"
    " (SELECT count(*) FROM view.orders WHERE status = ANY($1)) AS orders_open,"
    " (SELECT position FROM journal_head) AS position"
)


class HeldPosition(msgspec.Struct, frozen=True, kw_only=True):
    """A position that is not zero; `quantity` in base units, negative when short."""

    account: str
    symbol: str
    quantity: Decimal


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of a desk since its beginning; `pnl` net of fees and with funding, marked at the last known prices.

    `pnl` and `fees` in `asset`, None where a price they need is unknown or symbols are quoted in different assets, and
    then there is no one `asset` either; `verdict` is None when nobody judged.
    """

    ticks: int = 0
    intents: int = 0
    orders: int = 0
    fills: int = 0
    pnl: Decimal | None = Decimal(0)
    fees: Decimal | None = Decimal(0)
    asset: str | None = None
    verdict: bool | None = None
    failed: tuple[str, ...] = ()  # the checks that did not hold
    held: tuple[HeldPosition, ...] = ()
    orders_open: int = 0  # that may still fill


async def summary(dsn: str, data: Path, *, limited: bool = False) -> Summary:
    """Return the figures of the desk in this folder; the database at `dsn` must be reachable.

    A run of limited time is judged whatever its length; else only a short journal is.
    """
    source = Source(dsn=dsn, running=False, data=data, run=read_run(data))
    try:
        await bring_up(dsn)
        (counts,) = await fetch(source, _COUNTS, list(OPEN))
    except (CliError, JournalDown, asyncpg.UndefinedTableError):
        return Summary()  # it never got as far as a journal
    rows = await positions(source)
    earned = await strategies(source)
    verdict: bool | None = None
    failed: tuple[str, ...] = ()
    if limited or counts["position"] <= JUDGED_ROWS_MAX:
        try:
            failed = tuple(check.check for check in await judged(source) if not check.holds)
        except Undecodable:
            failed = ("journal",)
        verdict = not failed
    return Summary(
        ticks=counts["ticks"],
        intents=counts["intents"],
        orders=counts["orders"],
        fills=counts["fills"],
        orders_open=counts["orders_open"],
        pnl=_total(earned, "net_pnl"),
        fees=_total(earned, "fees"),
        asset=_asset(earned),
        verdict=verdict,
        failed=failed,
        held=msgspec.convert([row for row in rows if row["quantity"]], tuple[HeldPosition, ...]),
    )


def _asset(rows: Iterable[Mapping[str, object]]) -> str | None:
    """Return the asset in which all of these are counted, where it is one."""
    assets = {quote_asset(str(row["symbol"])) for row in rows}
    return assets.pop() if len(assets) == 1 else None


def _total(rows: list[dict[str, object]], column: str) -> Decimal | None:
    """Sum a column; None when one of its amounts is unknown, or when they are of different assets."""
    amounts = msgspec.convert([row[column] for row in rows], list[Decimal | None])
    whole = total(amounts) if _asset(rows) or not rows else None
    return None if whole is None else tidied(whole.quantize(CENT, context=EXACT))
