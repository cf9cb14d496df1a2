"""The venue's dead-man timer: sent like any command, once, and believed only where the venue says that it is set."""

from collections.abc import Sequence

import msgspec

from opensqt.domain.capability import Capability, require
from opensqt.venues.engine.orders import VenueOrders
from opensqt.venues.engine.rate_limit import Priority
from opensqt.venues.engine.request import Query


class TimedOrders(VenueOrders):
    """The orders of one account, which the venue may cancel when nobody renews its timer."""

    async def arm_dead_man(self, symbols: Sequence[str], *, span_s: int) -> None:
        """Arm the venue's dead-man timer, or disarm it with 0; raise `VenueDown` where it did not say so."""
        for symbol in symbols:
            require(self._policy, symbol, Capability.ARM_DEAD_MAN)
        found = [await self._rest.listing.instrument(symbol) for symbol in symbols]
        for request in self._rest.dialect.dead_man(found, span_s):
            urgent = msgspec.structs.replace(request, lane=Priority.CANCEL)
            await self._rest.ask_once(Query(request=urgent, read=lambda raw, _: raw))
