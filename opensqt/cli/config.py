"""`opensqt config init|check`: write a configuration, or say what one means in money. Starts nothing."""

import argparse
import json
import os
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

from opensqt.desk.economics import carry_cost, grid_cost
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.feasibility import MarketView, shared_symbols
from opensqt.desk.plan import (
    FILE_NAME,
    MARKET_DEFAULT,
    default_text,
    make_plan,
    named_by,
)
from opensqt.domain.decimals import canonical
from opensqt.runtime.config.all import CarryConfig, Config, GridConfig, PaperFunding, config_hash

CENT = Decimal("0.01")
BPS_OF_ONE = Decimal("0.0001")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `config`."""
    parser.add_argument("action", choices=("init", "check"))
    parser.add_argument(
        "--config", type=Path, help="the file (default: OPENSQT_CONFIG, else DATA/opensqt.toml)"
    )
    parser.add_argument(
        "--market", default="", help="market to write it for, or to check it against"
    )
    parser.add_argument("--force", action="store_true", help="init: replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Write or check; return 0, or 1 when something could not trade or earn; raise `ConfigError` when invalid."""
    return _init(args) if args.action == "init" else _check(args)


def _init(args: argparse.Namespace) -> int:
    path: Path = (args.config or named_by(os.environ) or args.data / FILE_NAME).absolute()
    if path.exists() and not args.force:
        raise CliError(f"{path} exists: replace it with --force, or name another with --config")
    text = default_text(args.market or MARKET_DEFAULT)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(
            f"{path} cannot be written ({error.strerror}): name another with --config"
        ) from error
    print(json.dumps({"type": "config", "path": str(path)}) if args.json else f"wrote {path}")
    return GOOD


def _check(args: argparse.Namespace) -> int:
    plan = make_plan(args.data.absolute(), os.environ, config_path=args.config, market=args.market)
    found = plan.findings()
    lines = list(_strategies(plan.config, plan.market))
    lines += [{"type": "note", "text": text} for text in shared_symbols(plan.config)]
    lines += [{"type": "finding", "text": text} for text in found]
    good = not found
    source = "derived from the market, not yet written" if plan.derived else str(plan.config_path)
    last = {
        "type": "config",
        "path": source,
        "holds": good,
        "config_hash": config_hash(plan.config),
    }
    for line in (*lines, last):
        print(json.dumps(line) if args.json else _for_people(line))
    return GOOD if good else JUDGED_FALSE


def _strategies(config: Config, market: MarketView | None) -> Iterator[dict[str, object]]:
    for name, strategy in config.strategies.items():
        head: dict[str, object] = {"type": "strategy", "name": name}
        if market is None:
            yield {**head, "kind": "unknown", "earns": None, "text": "fees unknown outside paper"}
        elif isinstance(strategy, GridConfig):
            yield {**head, **_grid(strategy, market)}
        else:
            funding = config.paper.funding.get(strategy.perp)
            yield {**head, **_carry(strategy, market, funding)}


def _grid(grid: GridConfig, market: MarketView) -> dict[str, object]:
    rules = market.rules[grid.symbol]
    cost = grid_cost(grid, rules, market.step_bps(grid))
    break_even, capital = _cents(cost.break_even_bps), _cents(cost.capital_quote)
    verdict = (
        "earns" if cost.earns else f"LOSES on every round trip: raise step_bps above {break_even}"
    )
    return {
        "kind": "grid",
        "earns": cost.earns,
        "step_bps": canonical(grid.step_bps),
        "step_bps_in_force": canonical(cost.step_bps.quantize(CENT, ROUND_FLOOR)),
        "break_even_bps": break_even,
        "capital_quote": capital,
        "inventory_notional_quote_max": canonical(grid.inventory_notional_quote_max),
        "text": f"{grid.mode.value} grid on {grid.symbol}: step {grid.step_bps} bps, break-even"
        f" {break_even} bps ({verdict}); needs {capital} {rules.quote},"
        f" holds at most {_cents(grid.inventory_notional_quote_max)} {rules.quote}",
    }


def _carry(
    carry: CarryConfig, market: MarketView, funding: PaperFunding | None
) -> dict[str, object]:
    spot, perp = market.rules[carry.spot], market.rules[carry.perp]
    cost = carry_cost(carry, spot, perp, funding)
    least = None if cost.basis_bps_enter is None else _cents(cost.basis_bps_enter)
    basis = (
        f"{canonical(carry.basis_bps_min)} bps"
        if least is None
        else f"{least} bps, at its paper funding"
    )
    percent = _cents(cost.apr_break_even * 100)
    return {
        "kind": "carry",
        "earns": None,  # that is for the funding to say
        "cost_bps": _cents(cost.cost_bps),
        "apr_break_even": canonical(cost.apr_break_even.quantize(BPS_OF_ONE, ROUND_CEILING)),
        "hours_to_break_even": _cents(cost.hours_to_break_even),
        "capital_quote": _cents(cost.capital_quote),
        "basis_bps_min": canonical(carry.basis_bps_min),
        "basis_bps_enter": least,
        "return_bps_min": canonical(carry.return_bps_min),
        "text": f"carry {carry.spot} against {carry.perp}: in and out costs {_cents(cost.cost_bps)} bps,"
        f" paid by {percent} % APR over {carry.holding_hours} h, or by entry_apr_min in"
        f" {cost.hours_to_break_even:.0f} h; enters with a basis of at least {basis};"
        f" needs {_cents(cost.capital_quote)} {spot.quote}",
    }


def _cents(number: Decimal) -> str:
    """Round up to cents: a break-even is never shown too low."""
    return canonical(number.quantize(CENT, ROUND_CEILING))


def _for_people(line: dict[str, object]) -> str:
    if line["type"] == "strategy":
        return f"{line['name']:<16} {line['text']}"
    if line["type"] in ("note", "finding"):
        return f"{line['type']:<16} {line['text']}"
    state = "good" if line["holds"] else "cannot trade like this"
    return f"{line['path']}: {state}"
