"""What happened is told once, whatever restarts: facts wait until the journal was heard to its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.control import AlertDelivery
from opensqt.domain.strategy_events import StrategyFaulted
from opensqt.runtime.config.alerts import AlertConfig, AlertKind
from opensqt.runtime.environment import Environment
from opensqt.runtime.process_context import Context
from services.gateway.alert_desk import AlertDesk
from services.gateway.decide import DeskStatus
from services.gateway.record_queue import RecordQueue
from services.gateway.state import GatewayState
from tests.conditions import stays, until
from tests.integration.test_alerts import QUICK
from tests.receivers import AlertReceiver
from tests.relays import memory_house
from tests.stage import paper_config


@asynccontextmanager
async def _telling(folder: Path, address: str) -> AsyncIterator[AlertDesk]:
    house = memory_house()
    (folder / "url").write_text(address + "/hook", encoding="utf-8")
    channel = AlertConfig(
        kind=AlertKind.WEBHOOK, url=f"file:{folder}/url", messages_per_minute_max=60
    )
    context = Context(
        name="gateway",
        clock=house.clock,
        config=msgspec.structs.replace(paper_config(), alerts={"night": channel}),
        environment=Environment(data=folder),
        bus=house.bus,
        journal=house.journal,
        leases=house.leases,
    )

    def told() -> DeskStatus:
        return DeskStatus(market_ms=house.clock.market_ms(), live=True)

    records = RecordQueue(context.journal, context.log)
    desk = AlertDesk(context, QUICK, records, GatewayState, told)
    work = [asyncio.create_task(one) for one in desk.work()]
    try:
        yield desk
    finally:
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)


@pytest.mark.row("E17")
async def test_a_fact_that_was_told_before_a_restart_is_not_told_again(tmp_path: Path) -> None:
    """A long journal holds the fact long before its delivery: only what no delivery names is told at its end."""
    async with AlertReceiver().open() as receiver, _telling(tmp_path, receiver.url) as desk:
        now_ms = memory_house().clock.market_ms()
        for name in ("known-to-them", "news-to-them"):
            desk.hear(name, StrategyFaulted(strategy="x", error="KeyError", time_ms=now_ms))
        assert await stays(lambda: not receiver.told, for_s=0.5)
        desk.hear(
            "delivery",
            AlertDelivery(
                channel="night",
                outcome="delivered",
                happened=("StrategyFaulted known-to-the",),
                text="",
                attempts=1,
                detail="",
                time_ms=now_ms,
            ),
        )
        desk.hear_all(True)
        await until(lambda: [key for _, key in receiver.keys] == ["StrategyFaulted news-to-them"])
        # FEED begins again: what another gateway told meanwhile is not known before its end.
        desk.hear_all(False)
        desk.hear("one-more-fact", StrategyFaulted(strategy="y", error="E", time_ms=now_ms))
        assert await stays(lambda: len(receiver.taken) == 1, for_s=0.3)
