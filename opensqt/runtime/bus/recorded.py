"""Whether what the bus says was recorded is what the journal holds. On the bus anybody can say anything."""

import msgspec

from opensqt.domain.control import KillReleased
from opensqt.domain.recon_events import Resumed
from opensqt.domain.subjects import LATCH, SWITCHES
from opensqt.runtime.bus.port import Delivery
from opensqt.runtime.codec import Undecodable, decode
from opensqt.runtime.envelope import from_headers, unrecorded
from opensqt.runtime.journal.port import JournalRows
from opensqt.runtime.telemetry.logs import Log

_POSITION_MAX = 2**63 - 1
_STOPS = frozenset({LATCH, SWITCHES})  # where kills and halts are said, and their ends

_log = Log("feed")


async def is_recorded(journal: JournalRows, delivery: Delivery) -> bool:
    """Tell whether the journal holds these very bytes where the message says they stand; raise `JournalDown`."""
    try:
        envelope = from_headers(delivery.headers)
    except ValueError:  # also a number of a million digits
        return False
    if not 0 < envelope.position <= _POSITION_MAX:
        return False
    rows = await journal.read(envelope.position - 1, 1)
    return any(
        (row.position, row.subject, row.event_id, row.data)
        == (envelope.position, delivery.subject, envelope.event_id, delivery.data)
        for row in rows
    )


async def as_believed(journal: JournalRows, delivery: Delivery) -> Delivery | None:
    """Return a message of FEED as a reader may take it: nothing that was not recorded ends a kill or a halt.

    None for such an end. What begins one is believed of everybody, but takes no place in the journal's order that is
    not its own. Raises `JournalDown`: without the journal nobody knows what was released.
    """
    if delivery.subject not in _STOPS or await is_recorded(journal, delivery):
        return delivery
    try:
        message = decode(delivery.data)
    except Undecodable:
        return delivery  # for the reader to set aside
    if isinstance(message, KillReleased | Resumed):
        _log.error(
            "release_not_recorded",
            subject=delivery.subject,
            sequence=delivery.sequence,
            actor=message.actor,
        )
        return None
    return msgspec.structs.replace(delivery, headers=unrecorded(delivery.headers))
