"""`python -m services.relay`: wires the relay to its ports."""

import socket
import sys

from opensqt.runtime.archive import FOLDER, INTENTS_FOLDER, FeedArchive
from opensqt.runtime.archiver import Archiver
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.crash_points import stepped
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.postgres import PostgresCheckpoints
from opensqt.runtime.process import run_service
from opensqt.runtime.process_context import Context
from opensqt.runtime.seal_keys import SealKeys
from opensqt.runtime.sealing import FILE, Sealer, SealFile
from services.relay.config import NAME, RelaySettings
from services.relay.service import Relay, SideWork


def build(context: Context) -> Relay:
    """Return the relay of this process; it archives and seals where there is a data folder."""
    checkpoints: Checkpoints = PostgresCheckpoints(context.postgres)
    data = context.environment.data
    beside: list[SideWork] = []
    if data is not None:
        beside += (
            Archiver(context.nats, context.clock, FeedArchive(data / folder), stream)
            for stream, folder in ((Stream.FEED, FOLDER), (Stream.INTENTS, INTENTS_FOLDER))
        )
        if (keys := context.environment.seal_keys) is not None:
            file = SealFile(data / FILE)
            beside.append(Sealer(context.journal, context.clock, file, SealKeys(keys)))
    return Relay(
        clock=context.clock,
        bus=context.bus,
        journal=context.journal,
        leases=context.leases,
        checkpoints=stepped(checkpoints, Checkpoints, context.steps),
        holder=f"{NAME}@{socket.gethostname()}",
        beside=beside,
        metrics=context.metrics,
        progress=context.progress,
        settings=RelaySettings(lease_ttl_ms=context.environment.lease_ms),
    )


if __name__ == "__main__":
    sys.exit(run_service(NAME, build))
