"""The paper venue as a process, `venue FOLDER STAMPS`: its market stands still, its limits are a large account's.

It says its port in FOLDER/venue.port. Nothing of the venue is replaced: its own meters count against wide limits.
"""

import asyncio
import signal
import sys
from pathlib import Path

import uvloop

from benchmarks.stand.stamps import Recorder
from benchmarks.stand.witness import CANCEL, ORDER_ID
from opensqt.runtime.clock import RunClock
from opensqt.simulation.dialects.binance import dialect
from opensqt.simulation.dialects.binance.limits import RateLimits
from opensqt.simulation.server import paper
from opensqt.simulation.server.call import HttpAnswer, HttpRequest
from opensqt.simulation.server.dispatch import Dispatcher
from tests.simulation.venue.scripted import ScriptedFlow, setup

WIDE = RateLimits(weight_max=10_000_000, orders=())


def watch(recorder: Recorder) -> None:
    """Stamp every order request when the venue begins to serve it."""
    serve = Dispatcher.serve

    def served(dispatcher: Dispatcher, request: HttpRequest) -> HttpAnswer:
        if request.method in ("POST", "DELETE"):
            mark = CANCEL if request.method == "DELETE" else ""
            for key in ORDER_ID.findall(f"{request.query} {request.body}"):
                recorder.stamp("venue.request", mark + key)
        return serve(dispatcher, request)

    setattr(Dispatcher, "serve", served)  # noqa: B010  # wrapped for this process only


async def serve(folder: Path) -> None:
    """Serve until SIGTERM."""
    setattr(dialect, "SPOT_LIMITS", WIDE)  # noqa: B010
    setattr(dialect, "USDM_LIMITS", WIDE)  # noqa: B010
    venue = paper.PaperVenue(setup(folder), ScriptedFlow(), RunClock())
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await venue.start()
    fresh = folder / "venue.port.new"
    fresh.write_text(str(venue.port))
    fresh.rename(folder / "venue.port")
    await stopping.wait()
    await venue.stop()


if __name__ == "__main__":
    watch(Recorder(Path(sys.argv[2])))
    uvloop.run(serve(Path(sys.argv[1])))
