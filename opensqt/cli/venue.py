"""`opensqt venue --exchange okx`: a simulated exchange on this machine, for any client that speaks to the real one.

It listens on loopback over TLS under the real host names, with a certificate of its own. Orders, balances and audit
live in its data folder and are there again after a restart.
"""

import argparse
import json
import sys
from decimal import Decimal, InvalidOperation

import msgspec
import uvloop

from opensqt.cli.paper_venue import serve
from opensqt.desk.data_folder import paper_keys
from opensqt.desk.error import GOOD, CliError
from opensqt.runtime.clock import RunClock
from opensqt.simulation.dialects.registry import dialect_entry, dialects_known
from opensqt.simulation.market.sources import MarketRefused, open_flow
from opensqt.simulation.server.dialect import ApiKey
from opensqt.simulation.server.paper import PaperVenue, VenueSetup

ACCOUNT = "main"
BALANCES = ("USDT=100000", "BTC=1")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--exchange", required=True, help=f"one of {', '.join(dialects_known())}")
    parser.add_argument(
        "--market", default="synthetic:7", help="synthetic:SEED[:SYMBOLS] or recorded:PATH"
    )
    parser.add_argument(
        "--port", type=int, default=0, help="where it listens (default: a free one)"
    )
    parser.add_argument(
        "--balance",
        action="append",
        metavar="ASSET=AMOUNT",
        help=f"what the account begins with, repeatable (default: {' '.join(BALANCES)})",
    )


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C; raise `CliError` naming an exchange, market or balance that cannot be."""
    if args.exchange not in dialects_known():
        raise CliError(
            f"--exchange is {args.exchange!r}, expected one of {', '.join(dialects_known())}"
        )
    if (args.data / "run.json").exists():
        raise CliError(f"{args.data} is the folder of a desk: name another one with --data")
    balances = dict(map(_balance, args.balance or BALANCES))
    try:
        flow = open_flow(args.market)
    except MarketRefused as error:
        raise CliError(f"--market: {error}") from error
    (args.data / "venue").mkdir(parents=True, exist_ok=True)
    keys = msgspec.json.decode(
        paper_keys(args.data, (ACCOUNT,)).read_bytes(), type=dict[str, ApiKey]
    )
    setup = VenueSetup(
        venue=args.exchange,
        folder=args.data,
        balances={ACCOUNT: balances},
        keys={ACCOUNT: keys[ACCOUNT]},
        port=args.port,
    )
    venue = PaperVenue(setup, flow, RunClock())
    uvloop.run(serve(venue, lambda ready: _tell(ready, args)))
    return GOOD


def _balance(text: str) -> tuple[str, Decimal]:
    asset, _, amount = text.partition("=")
    try:
        found = Decimal(amount)
    except InvalidOperation:
        found = Decimal(-1)
    if not asset or not found.is_finite() or found < 0:
        raise CliError(f"--balance is {text!r}, expected ASSET=AMOUNT like USDT=100000")
    return asset, found


def _tell(venue: PaperVenue, args: argparse.Namespace) -> None:
    """Say where it is and how a client reaches it; the keys stay in their file."""
    hosts = dialect_entry(args.exchange).hosts
    symbols = sorted(venue.exchange.rules)
    keys = args.data / "venue" / "keys.json"
    if args.json:
        line = {
            "type": "venue",
            "exchange": args.exchange,
            "port": venue.port,
            "ca": str(venue.ca_path),
        }
        line |= {"keys": str(keys), "hosts": list(hosts), "symbols": symbols}
        sys.stdout.write(json.dumps(line) + "\n")
    else:
        sys.stdout.write(
            f"{args.exchange} is simulated on 127.0.0.1:{venue.port}: {', '.join(symbols)}\n"
            f"  host names  {', '.join(hosts)}\n"
            f"  certificate {venue.ca_path}\n"
            f"  API key     {keys}\n"
            f"  for example curl --cacert {venue.ca_path} --connect-to ::127.0.0.1:{venue.port}"
            f" https://{hosts[0]}/\n"
            "stop with Ctrl-C\n"
        )
    sys.stdout.flush()
