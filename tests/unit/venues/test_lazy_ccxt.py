"""The import of ccxt happens beside the event loop: a kill is heard while a process starts."""

import subprocess
import sys

PROBE = """
import asyncio, random, sys, time
import aiohttp
from opensqt.domain.instruments import Market
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.venues.binance.dialect import DIALECT as BINANCE
from opensqt.venues.engine.rest import Credentials, VenueRest

async def main():
    gate = VenueRest(
        BINANCE,
        session=aiohttp.ClientSession(), clock=RunClock(), config=VenueConfig(),
        credentials=Credentials(api_key="", secret=""), markets=frozenset(Market), jitter=random.Random(1),
    )
    assert "ccxt" not in sys.modules, "imported before it is needed"
    beats = 0
    work = asyncio.gather(gate.clients.connected(), gate.clients.connected())
    while not work.done():
        await asyncio.sleep(0.01)
        beats += 1
    await work
    print(beats)
    await gate.close()

asyncio.run(main())
"""


def test_the_loop_goes_on_while_ccxt_is_imported() -> None:
    """A fresh process answers many times during the import, which takes about half a second."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) >= 5
