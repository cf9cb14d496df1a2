"""The trading floor that every endpoint stands on: the exchange, its instruments, keys, limits, chores. Wiring only."""

from collections.abc import Callable

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.binance.call import Call, Directory
from opensqt.simulation.binance.limits import Meter
from opensqt.simulation.binance.listen_keys import ListenKeys
from opensqt.simulation.binance.signature import Keyring
from opensqt.simulation.chores import Chores
from opensqt.simulation.exchange import Exchange


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """What handlers may use."""

    exchange: Exchange
    directory: Directory
    keyring: Keyring
    chores: Chores
    listen_keys: ListenKeys
    meters: dict[Market, Meter]

    def now_ms(self) -> int:
        """Market time in ms."""
        return self.exchange.clock.market_ms()


Handler = Callable[[Floor, Call], object]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint: who may call it, what it weighs, how many orders it counts; `kind` is what faults are matched by."""

    handler: Handler
    keyed: bool = False
    signed: bool = False
    weight: int = 1
    orders: int = 0
    kind: str = "public"


Routes = dict[tuple[str, str], Route]
