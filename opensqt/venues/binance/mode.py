"""The position mode of a Binance account: it must be one-way, or nothing nets. It asks and never changes it."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import VenueDown
from opensqt.venues.binance.orders import get
from opensqt.venues.binance.rest import BinanceRest

MODE_WEIGHT = 30.0  # docs: "Get Current Position Mode"
HEDGING = (
    "the account is in hedge mode (dualSidePosition), which nets nothing: close its positions and set"
    " Position Mode to One-way at Binance; trading begins by itself then"
)


class PositionMode:
    """What is known of the position mode; `unfit` says why the account may not trade, or nothing."""

    def __init__(self, gate: BinanceRest) -> None:
        self._gate = gate
        self._one_way = False
        self.unfit = ""

    async def check(self) -> None:
        """Ask once, before anything is traded, for the position mode; raise `VenueDown` with the fix in hedge mode."""
        if self._one_way or Market.PERP not in self._gate.markets:
            return
        cost = {Market.PERP.value: MODE_WEIGHT}
        raw = await self._gate.read(get(Market.PERP, "positionSide/dual", {}, cost))
        try:
            hedging = msgspec.json.decode(raw, type=_Mode).dual_side_position
        except msgspec.DecodeError as error:
            raise VenueDown(f"the position mode could not be read: {error}") from error
        self.unfit = HEDGING if hedging else ""
        if hedging:
            raise VenueDown(HEDGING)
        self._one_way = True


class _Mode(msgspec.Struct, frozen=True, rename="camel"):
    dual_side_position: bool
