"""`opensqt config init|check|access`: write a configuration, say what one means in money, or who its processes are."""

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path

from opensqt.desk import access
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.feasibility import shared_symbols
from opensqt.desk.plan import (
    FILE_NAME,
    MARKET_DEFAULT,
    default_text,
    make_plan,
    named_by,
)
from opensqt.runtime.config.all import Config, config_hash, load
from opensqt.strategies.prospect import MarketView


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `config`."""
    parser.add_argument("action", choices=("init", "check", "access"))
    parser.add_argument(
        "--config", type=Path, help="the file (default: OPENSQT_CONFIG, else DATA/opensqt.toml)"
    )
    parser.add_argument(
        "--market", default="", help="market to write it for, or to check it against"
    )
    parser.add_argument(
        "--to", type=Path, help="access: folder for the credentials of each process, for pods"
    )
    parser.add_argument("--force", action="store_true", help="init: replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Write or check; return 0, or 1 when something could not trade or earn; raise `ConfigError` when invalid."""
    if args.action == "access":
        return _access(args)
    return _init(args) if args.action == "init" else _check(args)


def _access(args: argparse.Namespace) -> int:
    """Write who each process of a configuration is at the servers; what is there already is kept."""
    if args.to is None:
        raise CliError("name the folder with --to: it will hold the passwords of every process")
    folder: Path = args.to.absolute()
    path: Path = args.config or named_by(os.environ) or args.data / FILE_NAME
    written = access.prepare_elsewhere(folder, load(path, os.environ))
    line = {"type": "access", "folder": str(folder / access.FOLDER), "processes": written}
    told = f"wrote {len(written)} files of credentials and users.conf to {line['folder']}"
    print(json.dumps(line) if args.json else told)
    return GOOD


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
    lines = list(_strategies(plan.understood, plan.market))
    lines += [{"type": "note", "text": text} for text in shared_symbols(plan.understood)]
    lines += [{"type": "warning", "text": text} for text in plan.warnings()]
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
        head: dict[str, object] = {"type": "strategy", "name": name, "kind": strategy.kind}
        if market is None:
            yield {**head, "earns": None, "text": "fees unknown outside paper"}
        else:
            found = strategy.prospect(market)
            yield {**head, "earns": found.earns, **found.figures, "text": found.text}


def _for_people(line: dict[str, object]) -> str:
    if line["type"] == "strategy":
        return f"{line['name']:<16} {line['text']}"
    if line["type"] in ("note", "warning", "finding"):
        return f"{line['type']:<16} {line['text']}"
    state = "good" if line["holds"] else "cannot trade like this"
    return f"{line['path']}: {state}"
