"""`opensqt positions`: what is held, at which cost, worth what. Reads the projections; changes nothing.

The mark is the venue's mark price, else the middle of its book, else the price of our last trade. `dust` is the part
of the quantity that no order can sell, counted by owner; empty where the smallest order of the symbol was not heard.
`--by strategy` tells what each strategy earned; what depends on an unknown price is empty, never 0.
"""

import argparse
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from opensqt.cli import table
from opensqt.cli.profit import by_strategy, unrealized
from opensqt.cli.reading import Source, fetch, read
from opensqt.cli.refusal import GOOD
from opensqt.domain.decimals import ZERO
from opensqt.domain.dust import dust
from opensqt.runtime.projection import tidied

COLUMNS = (
    "venue",
    "account",
    "symbol",
    "quantity",
    "entry_price",
    "mark_price",
    "realized_pnl",
    "unrealized_pnl",
    "funding",
    "fees",
    "dust",
)
STRATEGY_COLUMNS = (
    "strategy",
    "venue",
    "account",
    "symbol",
    "quantity",
    "cost_basis",
    "mark_price",
    "round_trips",
    "realized_pnl",
    "fees",
    "funding",
    "unrealized_pnl",
    "net_pnl",
)
_OWNED = (
    "SELECT strategy, venue, account, symbol, quantity, cost, realized_pnl, funding, round_trips FROM view.holdings",
    (
        "SELECT strategy, venue, account, symbol, fee_asset, sum(fee) AS fee, sum(fee * price) AS fee_at_price"
        " FROM view.fills GROUP BY strategy, venue, account, symbol, fee_asset"
    ),
    "SELECT venue, symbol, price FROM view.marks",
)
SELECT = (
    "SELECT p.venue, p.account, p.symbol, p.quantity, p.entry_price,"
    " coalesce(m.price, nullif(p.last_price, 0)) AS mark_price,"
    " p.realized_pnl, p.funding, p.fees, p.cost,"
    " coalesce(m.quantity_step, 0) AS step, m.quantity_min, m.notional_min,"
    " (SELECT coalesce(array_agg(h.quantity), '{}') FROM view.holdings h WHERE h.venue = p.venue"
    " AND h.account = p.account AND h.symbol = p.symbol) AS held"
    " FROM view.positions p LEFT JOIN view.marks m ON m.venue = p.venue AND m.symbol = p.symbol"
    " ORDER BY p.venue, p.account, p.symbol"
)


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `positions`."""
    parser.add_argument(
        "--by", choices=("strategy",), help="tell what each strategy holds and earned"
    )


def run(args: argparse.Namespace) -> int:
    """Print the net position of each symbol."""
    columns, query = (STRATEGY_COLUMNS, strategies) if args.by else (COLUMNS, positions)
    found = read(args.data, query)
    for row in found:
        for asset in row.get("unknown_fees", ()):  # type: ignore[attr-defined]
            print(
                f"{row['strategy']} paid fees in {asset} on {row['symbol']}, and no price of {asset} is known:"
                " fees and net_pnl are unknown",
                file=sys.stderr,
            )
    if args.json:
        table.as_json({name: row[name] for name in columns} for row in found)
    else:
        table.as_text(columns, found, "no positions yet")
    return GOOD


async def positions(source: Source) -> list[dict[str, object]]:
    """Return the positions as the columns of this verb."""
    found = []
    for row in await fetch(source, SELECT):
        values = dict(row)
        values["unrealized_pnl"] = unrealized(row["quantity"], row["cost"], row["mark_price"])
        values["dust"] = _dust(values)
        numbers = {k: tidied(v) for k, v in values.items() if isinstance(v, Decimal)}
        found.append({name: (values | numbers)[name] for name in COLUMNS})
    return found


async def strategies(source: Source) -> list[dict[str, object]]:
    """Return what each strategy holds and earned, and what is nobody's."""
    read_all = [await fetch(source, query) for query in (SELECT, *_OWNED)]
    nets, holdings, paid, marks = ([dict(row) for row in found] for found in read_all)
    prices = {(row["venue"], row["symbol"]): row["price"] for row in marks}
    found = by_strategy(nets, holdings, paid, prices)
    return [
        {k: tidied(v) if isinstance(v, Decimal) else v for k, v in row.items()} for row in found
    ]


def _dust(row: Mapping[str, Any]) -> Decimal | None:
    """Sum what each owner holds and cannot sell; None while the smallest order is unknown."""
    if row["step"] == 0 or row["mark_price"] is None:
        return None
    smallest = {name: row[name] for name in ("step", "quantity_min", "notional_min")}
    return sum(
        (dust(row["symbol"], held, row["mark_price"], **smallest) for held in row["held"]), ZERO
    )
