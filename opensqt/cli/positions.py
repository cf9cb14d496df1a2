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

import msgspec

from opensqt.cli import table
from opensqt.cli.reading import Source, fetch_together, read
from opensqt.desk.error import GOOD
from opensqt.domain.decimals import ZERO
from opensqt.domain.dust import dust
from opensqt.domain.profit import Booked, Charge, Place, Share, by_strategy, by_symbol
from opensqt.runtime.projection.tables import tidied

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
_POSITIONS = (
    "SELECT p.venue, p.account, p.symbol, p.quantity, p.entry_price, p.cost, p.realized_pnl, p.funding,"
    " coalesce(m.price, nullif(p.last_price, 0)) AS mark_price,"
    " coalesce(m.quantity_step, 0) AS step, m.quantity_min, m.notional_min"
    " FROM view.positions p LEFT JOIN view.marks m ON m.venue = p.venue AND m.symbol = p.symbol"
)
_HOLDINGS = (
    "SELECT strategy, venue, account, symbol, quantity, cost, realized_pnl, funding, round_trips"
    " FROM view.holdings"
)
_CHARGES = (
    "SELECT strategy, venue, account, symbol, fee_asset, sum(fee) AS fee, sum(fee * price) AS fee_at_price"
    " FROM view.fills GROUP BY strategy, venue, account, symbol, fee_asset"
)
_FUNDED = (
    "SELECT venue, account, symbol, array_agg(DISTINCT asset) AS assets FROM view.funding"
    " GROUP BY venue, account, symbol"
)
_MARKS = "SELECT venue, symbol, price FROM view.marks"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `positions`."""
    parser.add_argument(
        "--by",
        choices=("strategy",),
        help="tell what each strategy holds and earned from its own trades; without it: the venue's net, in which"
        " strategies close each other's trades, so that realised and unrealised differ and their sum does not",
    )


def run(args: argparse.Namespace) -> int:
    """Print the net position of each symbol, or what each strategy has of it."""
    columns, query = (STRATEGY_COLUMNS, strategies) if args.by else (COLUMNS, positions)
    found = read(args.place, query)
    for row in found:
        for asset in row["unpriced"]:  # type: ignore[attr-defined]
            print(
                f"{row['strategy'] or 'the account'} paid or received {asset} on {row['symbol']}, and no price of"
                f" {asset} is known: fees or funding, and with them the result, are unknown",
                file=sys.stderr,
            )
    if args.json:
        table.as_json({name: row[name] for name in columns} for row in found)
    else:
        table.as_text(columns, found, "no positions yet")
    return GOOD


async def positions(source: Source) -> list[dict[str, object]]:
    """Return the positions as the columns of this verb, and the assets without a price."""
    booked, rows = await _read(source)
    return [
        _tidied(
            {
                **msgspec.structs.asdict(earned),
                "entry_price": rows[earned.place]["entry_price"],
                "dust": _dust(rows[earned.place], booked),
            }
        )
        for earned in by_symbol(booked)
    ]


async def strategies(source: Source) -> list[dict[str, object]]:
    """Return what each strategy holds and earned, and what is nobody's."""
    booked, _ = await _read(source)
    return [_tidied(msgspec.structs.asdict(earned)) for earned in by_strategy(booked)]


async def _read(source: Source) -> tuple[Booked, dict[Place, Mapping[str, Any]]]:
    """Read everything as of one moment; return it, and the rows of the positions by place."""
    nets, *others = await fetch_together(source, _POSITIONS, _HOLDINGS, _CHARGES, _FUNDED, _MARKS)
    holdings, charges, funded, marks = others
    places: dict[Place, Mapping[str, Any]] = {
        (row["venue"], row["account"], row["symbol"]): dict(row) for row in nets
    }
    prices = {(row["venue"], row["symbol"]): row["mark_price"] for row in nets if row["mark_price"]}
    prices |= {(row["venue"], row["symbol"]): row["price"] for row in marks}
    booked = Booked(
        nets=msgspec.convert(list(places.values()), tuple[Share, ...]),
        holdings=msgspec.convert([dict(row) for row in holdings], tuple[Share, ...]),
        charges=msgspec.convert([dict(row) for row in charges], tuple[Charge, ...]),
        funded={(row["venue"], row["account"], row["symbol"]): row["assets"] for row in funded},
        prices=prices,
    )
    return booked, places


def _tidied(row: dict[str, object]) -> dict[str, object]:
    return {k: tidied(v) if isinstance(v, Decimal) else v for k, v in row.items()}


def _dust(row: Mapping[str, Any], booked: Booked) -> Decimal | None:
    """Sum what each owner holds and cannot sell; None while the smallest order is unknown."""
    if row["step"] == 0 or row["mark_price"] is None:
        return None
    smallest = {name: row[name] for name in ("step", "quantity_min", "notional_min")}
    place = (row["venue"], row["account"], row["symbol"])
    held = (one.quantity for one in booked.holdings if one.place == place)
    return sum((dust(row["symbol"], one, row["mark_price"], **smallest) for one in held), ZERO)
