"""The paper venue of a desk, `python -m opensqt.cli.paper_venue`: reads folder and configuration, then serves.

It takes its address from the environment or run.json, its clock from run.json, its keys from OPENSQT_PAPER_KEYS or
DATA/venue/keys.json, market and balances from the configuration. SIGTERM states the balances in the audit and ends it
with 0; a market that cannot be played on ends it with one line and 1; SIGKILL loses nothing.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable

import msgspec
import uvloop

from opensqt.backtest.paper_terms import fee_asset_of, funding_of, simulated_venue
from opensqt.desk.data_folder import paper_keys
from opensqt.desk.runfile import RunFile, read_run
from opensqt.runtime.clock import open_clock
from opensqt.runtime.config.all import ConfigError, load
from opensqt.runtime.config.schema import PaperRules
from opensqt.runtime.environment import Environment
from opensqt.runtime.token import read_token
from opensqt.simulation.engine.orders import GATE_IDENTITY
from opensqt.simulation.market.recording_files import RecordingRefused
from opensqt.simulation.market.synthetic import StateRefused
from opensqt.simulation.server.dialect import ApiKey
from opensqt.simulation.server.paper import LOOPBACK, PaperVenue, VenueSetup

IDENTITIES = {PaperRules.GATE: GATE_IDENTITY}  # else what the venue itself promises
EXIT_MARKET = 1
EXIT_CONFIG = 2


def main() -> int:
    """Run until a signal; return the exit code (1: the market cannot be played on, 2: configuration)."""
    try:
        venue = _venue(Environment.read(os.environ))
    except (ConfigError, OSError, ValueError) as error:
        print(f"venue: {error}", file=sys.stderr)
        return EXIT_CONFIG
    try:
        uvloop.run(serve(venue, _ready))
    except (RecordingRefused, StateRefused) as error:
        print(f"venue: {error}", file=sys.stderr)
        return EXIT_MARKET
    return 0


def _venue(environment: Environment) -> PaperVenue:
    from opensqt.simulation.market.sources import open_flow

    data, config_path = environment.data, environment.config
    if data is None or config_path is None:
        raise ConfigError(
            "OPENSQT_DATA and OPENSQT_CONFIG must name the data folder and the configuration: use `up`"
        )
    config = load(config_path, os.environ)
    run = read_run(data)
    (data / "venue").mkdir(parents=True, exist_ok=True)
    file = environment.paper_keys_file or paper_keys(data, tuple(config.accounts))
    keys = msgspec.json.decode(file.read_bytes(), type=dict[str, ApiKey])
    clock = open_clock(data)
    host, port = _address(environment.paper_venue, run)
    setup = VenueSetup(
        venue=simulated_venue(config),
        folder=data,
        balances={name: account.balances for name, account in config.accounts.items()},
        leverages={name: account.leverage for name, account in config.accounts.items()},
        keys={name: key for name, key in keys.items() if name in config.accounts},
        funding=funding_of(config),
        policy=IDENTITIES.get(config.paper.rules),
        fee_asset=fee_asset_of(config),
        speed=clock.speed,
        host=host,
        port=port,
        admin_token=read_token(data),
    )
    return PaperVenue(setup, open_flow(run.market or config.paper.market), clock)


def _address(given: str, run: RunFile) -> tuple[str, int]:
    """Listen where clients are told to look (a pod: all interfaces), else on the run's own port."""
    host, _, port = given.rpartition(":")
    if host and port.isdecimal():
        return host, int(port)
    return LOOPBACK, run.ports.get("venue", 0)


def _ready(venue: PaperVenue) -> None:
    _say({"event": "venue_ready", "port": venue.port, "symbols": sorted(venue.exchange.rules)})


async def serve(venue: PaperVenue, ready: Callable[[PaperVenue], None]) -> None:
    """Run a venue until a signal; raise what ends its market. `ready` is told once requests are answered."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await venue.start()
    ready(venue)
    stopped = asyncio.create_task(stopping.wait())
    failed = asyncio.create_task(venue.failed())
    await asyncio.wait((stopped, failed), return_when=asyncio.FIRST_COMPLETED)
    if failed.done():
        failed.result()
    failed.cancel()
    await venue.stop()
    _say({"event": "venue_stopped"})


def _say(fact: dict[str, object]) -> None:
    sys.stderr.write(msgspec.json.encode(fact).decode() + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
