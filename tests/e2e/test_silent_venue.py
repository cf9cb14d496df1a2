"""A venue that stays connected and says nothing, under the shipped system: shown within seconds, healed by itself."""

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from opensqt.desk.health import health_name
from opensqt.simulation.server.faults import FaultName
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.desk import Desk, until_well
from tests.e2e.test_faults import set_faults

SHOWN_S_MAX = 5.0
LOOK_S_MAX = 1.5  # what asking everybody takes by itself on a busy machine
HEALED_S_MAX = 30.0
PUBLIC: list[dict[str, Any]] = [{"fault": FaultName.MUTE, "match": {"kind": "public"}}]
PRIVATE: list[dict[str, Any]] = [
    {"fault": FaultName.MUTE, "match": {"kind": "private"}},
    {"fault": FaultName.LOST_REQUEST},
]
pytestmark = pytest.mark.timeout(300)


@pytest.mark.row("K03")
async def test_a_venue_that_says_nothing_shows_on_every_face(tmp_path: Path) -> None:
    """No public frame, then no private one and no answer: every way of looking names it, then all is well."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        for faults, who, words in (
            (PUBLIC, "market_data-binance", "no price is shown"),
            (PRIVATE, "executor-main", "the venue does not answer"),
        ):
            await until_well(desk, within_s=HEALED_S_MAX)
            await set_faults(desk, *faults)
            shown = partial(_shown, desk, who, words)
            await until(shown, within_s=SHOWN_S_MAX + LOOK_S_MAX)
            await set_faults(desk)
        await until_well(desk, within_s=HEALED_S_MAX)
    assert audit.doubled(desk.data) == []
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


async def _shown(desk: Desk, who: str, words: str) -> bool:
    """Whether all that a person or a machine may look at says it."""
    ports = desk.run_file.ports
    status, page, (code, ready), metrics = await asyncio.gather(
        desk.verb("status"),
        _get(ports["gateway"], "/api/snapshot"),
        _get(ports[health_name(who)], "/readyz"),
        _get(ports[health_name(who)], "/metrics"),
    )
    last, seen = status[-1], json.loads(page[1])
    return (
        (last["mode"], last["ready"]) == ("REDUCING", False)
        and words in last["why"]
        and seen["mode"]["mode"] == "REDUCING"
        and words in seen["mode"]["why"]
        and any(who in row["text"] and words in row["text"] for row in seen["troubles"])
        and code == 503
        and words in json.loads(ready)["why"]
        and 'opensqt_venue_silent{venue="binance"} 1.0' in metrics[1]
    )


async def _get(port: int, path: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()
