"""Every order of a running desk is one trace at a collector, from the tick to the ledger, and `why` names it."""

from pathlib import Path

import pytest

from opensqt.desk.config_default import derive
from tests.conditions import until
from tests.e2e.desk import Desk
from tests.spans import SpanReceiver, way_up

CHAIN = ["executor.obey", "risk.judge", "strategy.decide", "market_data.tick"]
SEEN_S_MAX = 90.0
FILLS_MIN = 2
pytestmark = pytest.mark.timeout(300)


@pytest.mark.row("H03", "J07")
async def test_an_order_is_one_trace_from_its_tick_to_its_ledger(tmp_path: Path) -> None:
    """Request, answer, fill and ledger hang below the tick, across five processes; the journal knows the trace."""
    desk = Desk(tmp_path / "data")
    text = derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7", speed="5")
    file = tmp_path / "opensqt.toml"
    async with SpanReceiver().open() as collector:
        file.write_text(text.replace('otlp_endpoint = ""', f'otlp_endpoint = "{collector.url}"'))

        def booked() -> list[str]:
            found = [s for s in collector.spans if s.name == "reconciler.book"]
            return sorted({span.attributes["order"] for span in found})

        async with desk.running("--config", str(file)):
            await until(lambda: len(booked()) >= FILLS_MIN, within_s=SEEN_S_MAX, poll_s=0.5)
            orders = booked()
            told = {one: (await desk.verb("why", one))[-1]["trace_id"] for one in orders}
    for order in orders:
        of_order = [span for span in collector.spans if span.attributes.get("order") == order]
        assert {span.trace_id for span in of_order} == {told[order]}
        spans = collector.of_trace(told[order])
        ways = {tuple(way_up(spans, span)) for span in of_order}
        assert ("executor.place", *CHAIN) in ways
        assert ("executor.ack", *CHAIN) in ways
        assert ("reconciler.book", "executor.fill", *CHAIN) in ways
        assert not [way for way in ways if "?" in way]
        processes = {span.process for span in spans.values()}
        assert {"risk", "reconciler", "executor-main"} <= processes, processes
