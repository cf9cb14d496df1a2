"""The one screen of `opensqt up` on a terminal: it lives while the desk lives. It shows; it decides nothing.

Figures are the gateway's, processes the supervisor's; when the gateway is silent the last figures are not shown as new.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from opensqt.cli.progress import ProgressLines
from opensqt.cli.screen_view import Frame, Picture, draw
from opensqt.desk import loopback
from opensqt.desk.plan import StartPlan
from opensqt.desk.runfile import RunFile
from opensqt.desk.spec import ProcessLine
from opensqt.runtime.clock import RunClock

EVERY_S = 0.5
SECTIONS = "mode,money,troubles,symbols,positions,orders,fills,grids,carries,strategies"
PATH = f"/api/snapshot?sections={SECTIONS}"


class ProcessTable(Protocol):
    """Who knows the processes."""

    def table(self) -> tuple[ProcessLine, ...]:
        """Return one line a process."""


class Shown(Protocol):
    """What the screen shows: an open house."""

    run: RunFile
    plan: StartPlan
    clock: RunClock

    @property
    def page(self) -> str:
        """The address of the live page."""


class Screen:
    """Draws the desk twice a second in the terminal's other buffer, so that nothing flickers or scrolls."""

    def __init__(self, house: Shown, table: ProcessTable, console: Console) -> None:
        self._house = house
        self._table = table
        self._console = console
        self._picture: Picture = {}

    def frame(self) -> Frame:
        """Return what there is to show now."""
        run, config = self._house.run, self._house.plan.config
        wall_ms = self._house.clock.wall_ms()
        return Frame(
            profile=config.run.profile.value.upper(),
            desk=config.desk,
            market=run.market,
            speed=str(config.paper.speed),
            page=self._house.page,
            market_ms=run.clock.market_ms(wall_ms) if run.clock else wall_ms,
            processes=self._table.table(),
            picture=self._picture,
            width=self._console.width,
            height=self._console.height,
        )

    async def live(self) -> None:
        """Show until cancelled; the terminal is given back as it was."""
        with Live(
            draw(self.frame()),
            console=self._console,
            screen=True,
            auto_refresh=False,
            vertical_overflow="crop",
        ) as screen:
            while True:
                self._picture = await self._ask()
                screen.update(draw(self.frame()), refresh=True)
                await self._house.clock.sleep(EVERY_S)

    async def _ask(self) -> Picture:
        reply = await loopback.get(self._house.run.ports.get("gateway", 0), PATH)
        return reply.said if reply.code == loopback.OK else {}


def open_screen(house: Shown, table: ProcessTable) -> Screen:
    """Return the screen of an open house on this terminal."""
    return Screen(house, table, Console())


@asynccontextmanager
async def shown(screen: Screen, progress: ProgressLines) -> AsyncIterator[None]:
    """Show the screen for a while, with the progress lines held back."""
    before, progress.quiet = progress.quiet, True
    showing = asyncio.create_task(screen.live(), name="screen")
    try:
        yield
    finally:
        progress.quiet = before
        showing.cancel()
        await asyncio.wait({showing})
        if not showing.cancelled() and (error := showing.exception()) is not None:
            progress.say(f"the screen stopped: {error}")
