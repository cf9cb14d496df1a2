"""Cancels that are asked for in the same turn of the loop leave together, where the venue takes several at once.

Nothing is held back to wait for company, and nothing is repeated: who wants a cancel repeated asks again.
"""

import asyncio

from opensqt.domain.venue import CancelOutcome, InDoubt, Policy
from opensqt.venues.port import Orders

Waiting = dict[str, asyncio.Future[CancelOutcome]]  # our id -> its outcome


class CancelBatcher:
    """The cancels of one account on their way to the venue."""

    def __init__(self, orders: Orders, policy: Policy) -> None:
        self._orders = orders
        self._policy = policy
        self._waiting: dict[tuple[str, bool], Waiting] = {}

    async def cancel(
        self, symbol: str, client_order_id: str, *, urgent: bool = False
    ) -> CancelOutcome:
        """Cancel an order together with those that leave now; who asks twice in a turn gets one answer."""
        most = self._policy.cancels_at_once(symbol)
        if most < 2:
            return await self._orders.cancel(symbol, client_order_id, urgent=urgent)
        leads = (symbol, urgent) not in self._waiting
        waiting = self._waiting.setdefault((symbol, urgent), {})
        if client_order_id not in waiting:
            waiting[client_order_id] = asyncio.get_running_loop().create_future()
        answer = waiting[client_order_id]
        if len(waiting) >= most:
            # Full: the next one leads a convoy of its own.
            self._waiting.pop((symbol, urgent), None)
        if leads:
            await self._lead(symbol, waiting, urgent=urgent)
        return await asyncio.shield(answer)

    async def _lead(self, symbol: str, waiting: Waiting, *, urgent: bool) -> None:
        try:
            # One turn of the loop: whoever was woken by the same commit has asked by then.
            await asyncio.sleep(0)
            if self._waiting.get((symbol, urgent)) is waiting:
                del self._waiting[symbol, urgent]
            names = tuple(waiting)
            if len(names) == 1:
                outcome = await self._orders.cancel(symbol, names[0], urgent=urgent)
                outcomes: tuple[CancelOutcome, ...] = (outcome,)
            else:
                outcomes = await self._orders.cancel_batch(symbol, names, urgent=urgent)
            for name, outcome in zip(names, outcomes, strict=True):
                waiting[name].set_result(outcome)
        finally:
            if self._waiting.get((symbol, urgent)) is waiting:
                del self._waiting[symbol, urgent]
            for answer in waiting.values():
                if not answer.done():
                    answer.set_result(InDoubt(cause="stopped under way", evidence=b""))
