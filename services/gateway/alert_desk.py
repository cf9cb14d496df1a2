"""The alerts of a desk: what is the case is looked at in a steady pace, and each channel tells it for itself.

Of several gateways the holder of a lease speaks. Where the journal does not answer nobody knows who holds it: then
the one that spoke before goes on, and one that has just begun speaks, for told twice is better than not at all.
"""

import itertools
import os
import random
from collections.abc import Callable, Coroutine
from typing import Any

from prometheus_client import Counter

from opensqt.domain.control import CONTROL_STREAM, AlertDelivery
from opensqt.domain.ids import event_id
from opensqt.domain.journal import NewEvent
from opensqt.domain.messages import Event
from opensqt.domain.subjects import subject_of
from opensqt.runtime.alerts.book import AlertBook, Due, ToldRecord
from opensqt.runtime.alerts.channel import HttpChannel
from opensqt.runtime.alerts.sender import AlertSender
from opensqt.runtime.alerts.terms import AlertTerms
from opensqt.runtime.journal.port import JournalDown
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from services.gateway.alert_conditions import AlertFact, alerts_of
from services.gateway.config import NAME
from services.gateway.decide import DeskStatus
from services.gateway.record_queue import RecordQueue
from services.gateway.state import GatewayState

FACTS_MAX = 200
LEASE = "gateway/alerts"
_Heard = AlertFact | AlertDelivery


class AlertDesk:
    """All channels of one gateway; without any it does nothing."""

    def __init__(
        self,
        context: Context,
        terms: AlertTerms,
        records: RecordQueue,
        state: Callable[[], GatewayState],
        told: Callable[[], DeskStatus],
    ) -> None:
        self._context = context
        self._clock = context.clock
        self._terms = terms
        self._records = records
        self._state = state
        self._told = told
        self._speaks: bool | None = None  # None: not known yet
        self._is_known = False
        self._facts: dict[str, AlertFact] = {}
        self._is_whole = False  # every delivery in the journal was heard
        self._delivered = ToldRecord()
        self._holder = holder_of(context.name)
        self._numbers = itertools.count(1)
        self._books = {name: AlertBook(terms) for name in context.config.alerts}
        self._senders = {name: self._sender(name) for name in self._books}
        self._posts = Counter(
            "opensqt_alert_messages",
            "Messages with alerts, by what came of them",
            ("channel", "outcome"),
            registry=context.metrics.registry,
        )

    def hear(self, event_id: str, event: Event) -> None:
        """Take in an event of the journal, as often as one likes."""
        if not self._books or not isinstance(event, _Heard):
            return
        if isinstance(event, AlertDelivery):
            self._delivered.fold(event)
            return
        self._facts[event_id] = event
        while len(self._facts) > FACTS_MAX:
            del self._facts[next(iter(self._facts))]

    def hear_all(self, is_whole: bool) -> None:
        """Say whether the journal was heard to its end: before it nobody knows which facts were told already."""
        self._is_whole = is_whole

    def work(self) -> list[Coroutine[Any, Any, None]]:
        """Return what is to run beside the page; nothing where there is no channel."""
        if not self._books:
            return []
        return [self._lead(), self._look(), *(one.run() for one in self._senders.values())]

    @property
    def troubles(self) -> tuple[str, ...]:
        """Say which channels reach nobody now, and why."""
        return tuple(
            f"alerts do not reach {name}: {one.trouble}"
            for name, one in self._senders.items()
            if one.trouble
        )

    def _sender(self, name: str) -> AlertSender:
        config = self._context.config.alerts[name]
        return AlertSender(
            HttpChannel(name, config, os.environ, self._terms.attempt_s_max),
            desk=self._context.config.desk,
            terms=self._terms,
            clock=self._clock,
            due=lambda: self._due(name),
            record=self._keep,
            randomness=random.Random(f"{self._holder} {name}"),
        )

    def _due(self, name: str) -> Due:
        if not self._speaks:
            return Due()
        return self._books[name].due(
            self._delivered.of(name),
            self._context.config.alerts[name].severity_min,
            now_s=self._clock.monotonic_s(),
            age_ms=self._age_ms,
            is_known=self._is_known,
        )

    def _age_ms(self, time_ms: int) -> int:
        return int((self._clock.market_ms() - time_ms) / self._clock.speed)

    async def _look(self) -> None:
        while True:
            told = self._told()
            self._is_known = told.live
            facts = self._facts if self._is_whole else {}
            alerts, now_s = alerts_of(self._state(), told, facts), self._clock.monotonic_s()
            for name, book in self._books.items():
                book.look(alerts, self._delivered.of(name), now_s)
            await self._clock.sleep(self._terms.look_every_s)

    async def _lead(self) -> None:
        lease = LeaseKeeper(
            self._context.leases,
            self._clock,
            name=LEASE,
            holder=self._holder,
            ttl_ms=self._terms.lease_ms,
        )
        while True:
            try:
                self._speaks = await lease.attempt() is not None
            except JournalDown as error:
                self._speaks = self._speaks is not False
                self._context.log.warning("who tells alerts is not known", detail=str(error))
            await self._clock.sleep(lease.ttl_s / 3)

    async def _keep(self, delivery: AlertDelivery) -> None:
        self._posts.labels(delivery.channel, delivery.outcome).inc()
        # It counts from here on; the record follows as soon as the journal takes it.
        self._delivered.fold(delivery)
        number = next(self._numbers)
        self._records.add(
            NewEvent(
                event_id=event_id("alert", self._holder, delivery.time_ms, number),
                stream=CONTROL_STREAM,
                message=delivery,
                subject=subject_of(delivery),
                actor=NAME,
                occurred_at_ms=delivery.time_ms,
            )
        )
        await self._records.flush()
