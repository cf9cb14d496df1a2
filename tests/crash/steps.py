"""Every named step of executor, risk, relay and the kill path, found by the ports that wrap their effects.

A step that no scenario can reach stands here with the reason; the matrix fails when the reason is no longer true.
"""

from opensqt.runtime.bus.port import Bus
from opensqt.runtime.crash_points import all_steps
from opensqt.runtime.journal.checkpoint import Checkpoints
from opensqt.runtime.journal.port import Journal, Leases
from opensqt.runtime.latch import Latches
from opensqt.venues.port import Venue

PORTS: dict[str, tuple[object, ...]] = {
    "executor": (Bus, Journal, Leases, Venue, Latches),
    "risk": (Bus, Journal, Leases),
    "relay": (Bus, Journal, Leases, Checkpoints),
}
SERVICES = tuple(PORTS)
STEPS: dict[str, tuple[str, ...]] = {name: all_steps(name, *ports) for name, ports in PORTS.items()}

_READS = "a follower of INTENTS or FEED reads; commands are taken by the executor alone"
_FRAME = "the process closes its connections itself after the service has ended"
# By effect, or by service and effect.
UNREACHABLE: dict[str, str] = {
    "bus.close": _FRAME,
    "journal.close": _FRAME,
    "queue.drop": "a successor deletes its predecessor's durables (drop_queues), nobody his own",
    "executor.bus.publish": "the executor speaks through the journal only",
    "executor.bus.send": "only a command that cannot be decoded is sent on, to the DLQ",
    "executor.venue.rules": "market_data publishes the rules; the executor sends what risk has checked",
    "executor.venue.arm_dead_man": "off unless `dead_man_s` is set; no scenario sets it",
    "executor.journal.wait_beyond": "only the relay waits for new rows",
    "risk.bus.send": "only an intent that cannot be decoded is sent on, to the DLQ",
    "risk.bus.queue": _READS,
    "risk.bus.drop_queues": _READS,
    "risk.queue.fetch": _READS,
    "risk.queue.ack": _READS,
    "risk.journal.keep": "risk keeps no evidence of a venue",
    "risk.journal.wait_beyond": "only the relay waits for new rows",
    "relay.bus.queue": "the relay takes no commands",
    "relay.bus.drop_queues": "the relay takes no commands",
    "relay.queue.fetch": "the relay takes no commands",
    "relay.queue.ack": "the relay takes no commands",
    "relay.journal.keep": "the relay keeps no evidence of a venue",
}


def unreachable(step: str) -> str:
    """Return why no scenario can reach a step, an empty text where one should."""
    service, _, effect = step.rpartition(".")[0].partition(".")
    return UNREACHABLE.get(f"{service}.{effect}") or UNREACHABLE.get(effect, "")
