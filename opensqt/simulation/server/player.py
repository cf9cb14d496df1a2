"""Plays the flow of other people's market into the exchange when the run's clock reaches each frame.

After a restart the flow goes on from its last saved state. Frames that the dead process had already matched are
played for the book alone, so no trade fills an order twice; then our orders return and the missed frames are played.
After a pause longer than `CATCH_UP_MAX_MS` (dead, asleep, or too slow) the market was closed: later frames are
shifted by the pause. It never invents a frame.
"""

import asyncio
from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.market.flow import Frame, MarketFlow

CATCH_UP_MAX_MS = 60_000
CHECKPOINT_EVERY_MS = 2_000
BATCH_MAX = 100
IDLE_S_MAX = 0.02
IDLE_S_MIN = 0.001


class Player:
    """One flow, one exchange."""

    def __init__(
        self, exchange: Exchange, flow: MarketFlow, speed: Decimal, after_batch: Callable[[], None]
    ) -> None:
        self._exchange, self._flow = exchange, flow
        self._ms_per_second = float(speed) * 1000
        self._after_batch = after_batch
        self._shift_ms = int(exchange.store.records.meta("shift_ms") or 0)
        self._frames: Iterator[Frame] = iter(())
        self._pending: Frame | None = None
        self._checkpoint_at_ms = 0

    def begin(self) -> None:
        """Start the flow, or restore it where the last process left it, and put our orders back into the books."""
        records = self._exchange.store.records
        state, now_ms = records.meta("flow"), self._exchange.clock.market_ms()
        if state is None:
            self._flow.start(now_ms)
        else:
            self._flow.restore(state)
        self._frames = iter(self._flow.frames())
        self._pending = next(self._frames)
        if state is not None:
            matched_ms = int(records.meta("frame_ms") or 0)
            while self.due_ms <= matched_ms:
                self._exchange.play(self._pending, match_trades=False)
                self._pending = next(self._frames)
        self._exchange.reinstate()

    def pump(self) -> bool:
        """Play at most a batch of the frames that are due; return whether more are due."""
        now_ms = self._exchange.clock.market_ms()
        self._skip_pause(now_ms)
        played = 0
        while self._pending is not None and self.due_ms <= now_ms and played < BATCH_MAX:
            played += 1
            self._exchange.frame_ms = self.due_ms
            self._exchange.play(self._pending)
            if self._exchange.clock.wall_ms() >= self._checkpoint_at_ms:
                self.checkpoint()
            self._pending = next(self._frames)
        if self._exchange.settlement.changes:
            self._exchange.commit()
        self._after_batch()
        return self.due_ms <= now_ms

    def _skip_pause(self, now_ms: int) -> None:
        """After a long pause go on where the market stood; what was played before stays played."""
        pause_ms = now_ms - self.due_ms
        if pause_ms > CATCH_UP_MAX_MS:
            self._shift_ms += pause_ms
            self._exchange.frame_ms = now_ms
            self._exchange.commit({"shift_ms": str(self._shift_ms).encode()})

    def checkpoint(self) -> None:
        """Save the flow where its last played frame left it; only called before the next frame is drawn."""
        self._checkpoint_at_ms = self._exchange.clock.wall_ms() + CHECKPOINT_EVERY_MS
        ids = {
            symbol: max(tape.last_id, self._exchange.matchers[symbol].book.update_id)
            for symbol, tape in self._exchange.settlement.tapes.items()
        }
        shift = str(self._shift_ms).encode()
        self._exchange.commit(
            {"flow": self._flow.state(), "shift_ms": shift, "ids": msgspec.json.encode(ids)}
        )
        self._exchange.store.prune_audit()

    async def run(self) -> None:
        """Play for ever."""
        while True:
            if self.pump():
                await asyncio.sleep(0)
                continue
            behind_ms = self.due_ms - self._exchange.clock.market_ms()
            await asyncio.sleep(min(IDLE_S_MAX, max(IDLE_S_MIN, behind_ms / self._ms_per_second)))

    @property
    def due_ms(self) -> int:
        """When the next frame is to be played (market ms)."""
        return 0 if self._pending is None else self._pending.time_ms + self._shift_ms
