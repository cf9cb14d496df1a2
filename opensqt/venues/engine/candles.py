"""The running candles of watched symbols, where a venue does not say that one has ended: the next one does. Pure."""

import msgspec

from opensqt.domain.market import Candle


class CandleKeeper:
    """The newest candle by our symbol; a frame of an older one is too late to tell anything."""

    def __init__(self) -> None:
        self._newest: dict[str, Candle] = {}

    def change(self, now: Candle) -> tuple[Candle, ...]:
        """Take a candle as it is now and return what is known: that before it has ended, and how it ended."""
        before = self._newest.get(now.symbol)
        if before is not None and now.open_time_ms < before.open_time_ms:
            return ()
        self._newest[now.symbol] = now
        if before is None or before.open_time_ms == now.open_time_ms:
            return (now,)
        return msgspec.structs.replace(before, closed=True, time_ms=now.time_ms), now

    def forget(self, symbol: str) -> None:
        """Drop what was told: the connection is lost, and how the candle ended with it."""
        self._newest.pop(symbol, None)
