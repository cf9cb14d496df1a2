"""A real Prometheus scrapes a running desk: every panel has data, and a process that dies is alerted on."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml

from tests.conditions import until
from tests.e2e.desk import Desk
from tests.servers import free_port
from tests.unit.observability.test_panels import FOLDER, panel_queries

SHOWN_S_MAX = 120.0
POLL_S = 0.5
STOPPED = "ProcessDown grid"
EVERY = "500ms"
pytestmark = [pytest.mark.prometheus, pytest.mark.timeout(400)]


class Prometheus:
    """A server with the committed configuration and rules, asked as Grafana asks it."""

    def __init__(self, folder: Path, page_port: int) -> None:
        self._folder = folder
        self._page_port = page_port
        self._port = free_port()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Prometheus"]:
        """Serve until the end of the block; scrapes and rules are as committed, only more often."""
        config = yaml.safe_load((FOLDER / "prometheus" / "prometheus.yaml").read_text())
        config["global"] = {"scrape_interval": EVERY, "evaluation_interval": EVERY}
        (discovery,) = config["scrape_configs"][0]["http_sd_configs"]
        discovery["url"] = f"http://127.0.0.1:{self._page_port}/targets"
        self._folder.mkdir()
        shutil.copy(FOLDER / "prometheus" / "rules.yaml", self._folder)
        (self._folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        process = await asyncio.create_subprocess_exec(
            shutil.which("prometheus") or "prometheus",
            f"--config.file={self._folder / 'prometheus.yaml'}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield self
        finally:
            process.send_signal(signal.SIGTERM)
            await process.wait()

    async def rows(self, expression: str) -> list[dict[str, Any]]:
        """Return the series that an expression has now; none while the server is not up."""
        answer = await self._ask("query", query=expression)
        return answer["data"]["result"] if answer else []

    async def alerts(self) -> set[str]:
        """Return the alerts that are pending or firing, by name and instance."""
        answer = await self._ask("alerts")
        alerts = answer["data"]["alerts"] if answer else []
        return {
            f"{one['labels']['alertname']} {one['labels'].get('instance', '')}" for one in alerts
        }

    async def _ask(self, what: str, **words: str) -> dict[str, Any] | None:
        url = f"http://127.0.0.1:{self._port}/api/v1/{what}?{urlencode(words)}"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as reply:
                found: dict[str, Any] = json.loads(await reply.text())
        except (aiohttp.ClientError, ValueError):
            return None
        return found if found.get("status") == "success" else None


@pytest.mark.row("I20", "H01", "H02", "H03")
async def test_every_panel_shows_data_of_a_running_desk(tmp_path: Path) -> None:
    """No panel is empty while grids and a carry trade; a process that stands still is alerted on by its name."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7", "--speed", "5"):
        page_port = desk.run_file.ports["gateway"]
        async with Prometheus(tmp_path / "prometheus", page_port).running() as server:
            empty = dict.fromkeys(panel_queries())

            async def filled() -> bool:
                for query in list(empty):
                    if await server.rows(query[2]):
                        del empty[query]
                return not empty

            with contextlib.suppress(TimeoutError):
                await until(filled, within_s=SHOWN_S_MAX, poll_s=POLL_S)
            assert list(empty) == []
            assert STOPPED not in await server.alerts()
            os.kill(desk.pid("grid"), signal.SIGSTOP)

            async def alerted() -> bool:
                return STOPPED in await server.alerts()

            await until(alerted, within_s=SHOWN_S_MAX, poll_s=POLL_S)
            os.kill(desk.pid("grid"), signal.SIGCONT)
