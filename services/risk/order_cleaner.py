"""The hand of the cleaner: what an account rests too much of, or for too long, is cancelled as if a strategy wished it.

Each cancel is judged, proved and recorded like every other one, with the reason in words.
"""

from collections.abc import Callable
from typing import NamedTuple

from opensqt.domain import ids
from opensqt.domain.intent import CancelIntent
from opensqt.domain.order_state import Order
from opensqt.risk.cleaner import surplus
from opensqt.risk.state import RiskState
from opensqt.runtime.process_context import Context
from services.risk.intent_queue import FeedProgress, IntentQueue
from services.risk.limits_in_force import LimitsInForce

CLEAN_S = 1.0
AGAIN_S = 10.0  # a cancel of which nothing came is wished again
VALID_MS = 5000  # wall


class _Wish(NamedTuple):
    number: int
    since_s: float


class OrderCleaner:
    """Looks at the resting orders of every account, again and again."""

    def __init__(
        self, context: Context, sight: FeedProgress, docket: IntentQueue, limits: LimitsInForce
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._sight = sight
        self._docket = docket
        self._limits = limits
        self._wishes: dict[str, _Wish] = {}  # by client order id

    async def run(self, leads: Callable[[], bool]) -> None:
        """Clean for ever, while `leads` says that this gate is the one."""
        while True:
            await self._clock.sleep(CLEAN_S)
            if leads() and self._sight.caught_up.is_set():
                await self._clean(self._sight.state)

    async def _clean(self, state: RiskState) -> None:
        risk, now_ms = self._limits.config(state).risk, self._clock.market_ms()
        age_ms_max = int(risk.order_age_ms_max * self._clock.speed)
        living = state.index.open.living()
        names = {order.client_order_id for order in living}
        self._wishes = {name: wish for name, wish in self._wishes.items() if name in names}
        for account in {order.placed.ref.account for order in living if order.placed}:
            mine = [o for o in living if o.placed is not None and o.placed.ref.account == account]
            limits = {"orders_max": risk.open_orders_max, "age_ms_max": age_ms_max}
            for order, why in surplus(mine, now_ms=now_ms, **limits):
                await self._wish_away(order, why, now_ms)

    async def _wish_away(self, order: Order, why: str, now_ms: int) -> None:
        name, now_s, placed = order.client_order_id, self._clock.monotonic_s(), order.placed
        known = self._wishes.get(name)
        if placed is None or (known is not None and now_s < known.since_s + AGAIN_S):
            return
        number = known.number + 1 if known is not None else 1
        self._wishes[name] = _Wish(number, now_s)
        ref, reason = placed.ref, f"cleaned: {why}"
        await self._docket.wish(
            CancelIntent(
                intent_id=ids.event_id("clean", name, number, now_ms),
                strategy=ref.strategy,
                venue=ref.venue,
                account=ref.account,
                symbol=ref.symbol,
                target_intent_id=ref.intent_id,
                created_ms=now_ms,
                valid_until_ms=now_ms + int(VALID_MS * self._clock.speed),
                basis=self._sight.reader.basis,
                reason=reason,
            )
        )
        self._context.log.warning("order_cleaned", order=name, strategy=ref.strategy, detail=reason)
