"""The orders of people before the gate: each one that the journal holds is judged, and gets its end.

A wish stands in the journal before anybody acts on it, so a gate that starts finds what its predecessor owed. It is
judged again until the executor has recorded it, as a strategy would say it, and refused as late where nobody did.
"""

from collections.abc import Callable

import msgspec

from opensqt.domain.bulkhead import Bulkhead
from opensqt.domain.control import OrderedByHand
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.risk.verdict import Intent
from opensqt.runtime.lease import LeaseLost
from opensqt.runtime.process_context import Context
from opensqt.runtime.telemetry.logs import describe
from services.risk.intent_queue import FeedProgress, IntentQueue

AGAIN_S = 1.0
LATE_MS = 2000  # wall: after its time a command is nowhere on its way any more


class HandOrders:
    """Judges what people wish."""

    def __init__(self, context: Context, sight: FeedProgress, queue: IntentQueue) -> None:
        self._clock = context.clock
        self._log = context.log
        self._sight = sight
        self._queue = queue
        self._said_s: dict[str, float] = {}  # by intent

    async def run(self, leads: Callable[[], bool]) -> None:
        """Judge for ever, while `leads` says that this gate is the one."""
        sight = self._sight
        while True:
            await sight.by_hand.wait()
            sight.by_hand.clear()
            if not leads() or not sight.caught_up.is_set():
                continue
            waiting = sight.state.by_hand
            self._said_s = {name: at for name, at in self._said_s.items() if name in waiting}
            for order in tuple(waiting.values()):
                with Bulkhead(LeaseLost) as bulkhead:
                    await self._say(order)
                if bulkhead.error is not None:
                    self._log.error("order_by_hand_not_judged", detail=describe(bulkhead.error))

    async def _say(self, order: OrderedByHand) -> None:
        intent, now_s = order.intent, self._clock.monotonic_s()
        name = intent.intent_id
        if now_s < self._said_s.get(name, float("-inf")) + AGAIN_S:
            return
        if self._may_open_soon(intent):
            return
        self._said_s[name] = now_s
        late_ms = intent.valid_until_ms + int(LATE_MS * self._clock.speed)
        if self._clock.market_ms() > late_ms:
            self._sight.state.take_back(name)
        # A person saw no message of FEED: the gate judges by all that it has folded itself.
        basis = self._sight.reader.basis
        await self._queue.commands.room()
        await self._queue.wish(msgspec.structs.replace(intent, basis=basis))

    def _may_open_soon(self, intent: Intent) -> bool:
        """Tell whether an opening would be refused for no other reason than that this gate has just begun."""
        opens_ms = self._queue.opens_from_ms
        opens = isinstance(intent, PlaceIntent) and intent.purpose is Purpose.OPEN
        return opens and self._clock.market_ms() < opens_ms <= intent.valid_until_ms
