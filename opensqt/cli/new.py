"""`opensqt new strategy NAME`: write a strategy that trades already, and its test. Overwrites nothing."""

import argparse
import json
from pathlib import Path

from opensqt.desk.error import GOOD, CliError
from opensqt.desk.skeleton import skeleton, table


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `new`."""
    parser.add_argument("what", choices=("strategy",))
    parser.add_argument("name", metavar="NAME", help="of the kind and of its file, like maker")
    parser.add_argument(
        "--folder", type=Path, default=Path(), help="where (default: here; beside a configuration)"
    )


def run(args: argparse.Namespace) -> int:
    """Write both files; raise `CliError` where one is there already or cannot be written."""
    texts = {args.folder / name: text for name, text in skeleton(args.name).items()}
    there = [str(path) for path in texts if path.exists()]
    if there:
        raise CliError(f"{there[0]} exists: choose another name or --folder")
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CliError(f"{args.folder} cannot be written ({error.strerror})") from error
    for path in texts:
        print(json.dumps({"type": "file", "path": str(path)}) if args.json else f"wrote {path}")
    if not args.json:
        print(f"\nto run it, say in the opensqt.toml beside it:\n\n{table(args.name)}")
    return GOOD
