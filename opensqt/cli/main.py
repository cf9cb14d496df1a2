"""`opensqt`: the command line. A verb is one module with `add(parser)` and `run(args) -> int`; no logic here."""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import opensqt
from opensqt.desk.address import place_of
from opensqt.desk.error import USAGE, CliError
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.config.all import ConfigError

# Each verb and what it does, in the order of help. Only the module of the verb asked for is imported.
VERBS = {
    "up": "start everything and stay in front",
    "down": "stop a running folder",
    "status": "show processes, mode and why a strategy is not trading",
    "orders": "show orders and what became of them",
    "fills": "show every trade of ours",
    "positions": "show what is held and what it earned",
    "why": "tell why an order is there and what became of it",
    "events": "show the journal, or follow it",
    "verify": "judge orders, fills, balances and projections",
    "replay": "decide every recorded intent again from the archived feed",
    "state": "show a desk as it was at a position or time, or what changed since",
    "whatif": "decide the recorded feed again under another configuration",
    "audit": "judge the journal by its seals, or seal with a new key",
    "rebuild": "fold the projections from the journal again",
    "backup": "write a desk into one file",
    "restore": "make a desk of a backup, in an empty folder",
    "tail": "listen to the bus, decoded",
    "decode": "turn an event's bytes into JSON",
    "kill": "stop new orders and cancel all that are open, latched",
    "resume": "release the kill latch",
    "portfolio": "rank the pairs of a venue, propose what to carry of each, or change the desk to that",
    "strategies": "show the strategies of a desk, or add, change or remove some while it runs",
    "limits": "show the limits of risk, or change one while the desk runs",
    "breakers": "show what stops openings by itself; open or clear one",
    "ask": "make a call of the desk's API, or list them",
    "keys": "say who may call the desk's API",
    "notify": "tell every channel of alerts that it can be reached",
    "logs": "show the logs of all processes, or of one",
    "backtest": "run a configuration over market data and report",
    "venue": "run a simulated exchange on this machine, for any client",
    "config": "write or check a configuration",
    "secrets": "draw the secrets of a desk for Kubernetes or Compose",
    "new": "write the skeleton of a strategy and its test",
    "doctor": "check this machine and folder",
    "reset": "empty a data folder, keeping its configuration",
}
# What can be done from a pod or a laptop, by the desk's servers alone.
FROM_AFAR = {
    "status",
    "orders",
    "fills",
    "positions",
    "events",
    "verify",
    "backup",
    "tail",
    "kill",
    "resume",
}
DATA_DEFAULT = "data"
LINE_MAX = 400  # characters of an error


class Verb(Protocol):
    """What a verb's module offers."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Add the verb's own arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Do it and return the exit code; raise `CliError` or `ConfigError` with one clear line."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 good, 1 judged false, 2 usage, 3 not running."""
    words = list(sys.argv[1:] if argv is None else argv)
    _speak_any_tongue()
    try:
        args = build_parser(words).parse_args(words)
        folder = Path(os.environ.get("OPENSQT_DATA") or DATA_DEFAULT)
        if args.verb in FROM_AFAR:
            args.place = place_of(args, os.environ, folder)
        args.data = getattr(args, "data", None) or folder  # a backtest has none
        return _module(args.verb).run(args)
    except CliError as refusal:
        sys.stderr.write(f"opensqt: {refusal}\n")
        return refusal.code
    except ConfigError as error:
        sys.stderr.write(f"opensqt: {error}\n")
        return USAGE
    except BrokenPipeError:  # `opensqt events | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, UnicodeError) as error:
        # A path that is too long, a folder in place of a file: the error names it, a traceback helps nobody.
        sys.stderr.write(f"opensqt: {cleaned(error, LINE_MAX)}\n")
        return USAGE
    except KeyboardInterrupt:
        return 130


def build_parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """Build the parser with the arguments of the verb that `words` ask for, so that others cost nothing."""
    parser = argparse.ArgumentParser(
        prog="opensqt",
        description="An event-sourced trading platform. Exit codes: 0 good, 1 judged false,"
        " 2 usage or configuration, 3 not running.",
    )
    parser.add_argument("--version", action="version", version=f"opensqt {opensqt.__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    asked = next((word for word in words if not word.startswith("-")), "")
    for name, summary in VERBS.items():
        # A verb may mean something else by --data: the market data of a backtest.
        below = verbs.add_parser(
            name, help=summary, description=summary, conflict_handler="resolve"
        )
        below.add_argument(
            "--data",
            type=Path,
            help="data folder (default: OPENSQT_DATA, else ./data)",
        )
        if name in FROM_AFAR:
            _add_addresses(below)
        below.add_argument("--json", action="store_true", help="print JSON Lines")
        if name == asked:
            _module(name).add(below)
    return parser


def _add_addresses(parser: argparse.ArgumentParser) -> None:
    afar = parser.add_argument_group(
        "a desk that is not on this machine",
        "Each may be env:NAME or file:PATH. In a pod the environment says them.",
    )
    afar.add_argument("--nats", default="", metavar="URL", help="its bus")
    afar.add_argument("--dsn", default="", help="its journal")
    afar.add_argument(
        "--context",
        type=Path,
        metavar="FILE",
        help="a TOML file with nats, dsn, credentials, token_file",
    )


def _speak_any_tongue() -> None:
    """Let a terminal that lacks a letter show another one: no verdict fails because of how it is printed."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _module(name: str) -> Verb:
    return cast("Verb", importlib.import_module(f"opensqt.cli.{name}"))


if __name__ == "__main__":
    sys.exit(main())
