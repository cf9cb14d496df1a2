"""The live page in a real browser: what a tired trader sees, and the kill."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, async_playwright, expect

from opensqt.domain.instruments import Side
from tests import scenes
from tests.simulation.strategy_facts import PERP
from tests.stage import TOKEN, Stage, staged

pytestmark = pytest.mark.browser

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
HOLD_MS = 1100
SEEN_MS = 10_000


class Sight:
    """One open page, and everything that it asked the network for or complained about."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._hear)

    def _hear(self, message: object) -> None:
        if getattr(message, "type", "") == "error":
            self.complaints.append(str(getattr(message, "text", "")))

    async def open(self) -> None:
        """Load the page and wait for the first price."""
        await self.page.goto(self.address)
        await expect(self.page.locator("#link")).to_have_text("live", timeout=SEEN_MS)


@asynccontextmanager
async def sight(
    stage: Stage, browser_path: str, width: int = 1440, height: int = 1000
) -> AsyncIterator[Sight]:
    """Show a desk of scripted facts to a browser."""
    now_ms = stage.house.clock.market_ms()
    await stage.record(*scenes.desk(now_ms))
    async with stage.gateway() as gateway, async_playwright() as driver:
        await stage.publish(*scenes.market(now_ms))
        chromium = await driver.chromium.launch(executable_path=browser_path, args=[*FLAGS])
        page = await chromium.new_page(viewport={"width": width, "height": height})
        ticking = asyncio.create_task(_tick(stage))
        try:
            yield Sight(page, f"http://127.0.0.1:{gateway.web.port}/")
        finally:
            ticking.cancel()
            await chromium.close()


async def _tick(stage: Stage) -> None:
    while True:
        now_ms = stage.house.clock.market_ms()
        await stage.publish(*(scenes.last_tick(symbol, now_ms) for symbol in scenes.PREMIUM))
        await stage.house.clock.sleep(0.2)


async def _colours(page: Page) -> set[str]:
    """Return the colours drawn on the chart, as r,g,b."""
    found = await page.evaluate(
        """() => {
            const canvas = document.getElementById("chart");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            const seen = new Set();
            for (let at = 0; at < data.length; at += 4)
                if (data[at + 3] > 200) seen.add([data[at], data[at + 1], data[at + 2]].join(","));
            return [...seen];
        }"""
    )
    return set(found)


@pytest.mark.row("H04")
async def test_the_page_shows_prices_orders_positions_and_slots(
    tmp_path: Path, browser_path: str
) -> None:
    """Whoever joins late sees price, own orders on the chart and in the table, positions, slots, carry and mode."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        page = seen.page
        middle = scenes.price_at(1) + scenes.PREMIUM[PERP]
        await expect(page.locator("#profile")).to_have_text("PAPER")
        await expect(page.locator("#mode")).to_have_text("NORMAL", timeout=SEEN_MS)
        await expect(page.locator("[role=tab][aria-selected=true]")).to_contain_text(
            f"{middle:,.1f}", timeout=SEEN_MS
        )
        await expect(page.locator("#orders-table tbody tr")).to_have_count(8)
        await expect(page.locator("#positions tbody tr")).to_contain_text(["0.008"])
        await expect(page.locator("#profit tbody tr")).to_contain_text(["grid-perp"])
        await expect(page.locator("#pnl-parts")).to_contain_text("24 hours")
        await expect(page.locator("#ladder .levels .buy")).to_have_count(4)
        await expect(page.locator("#ladder .levels .sell")).to_have_count(4)
        await expect(page.locator("#ladder .levels")).to_contain_text("long 0.008 @ 59,964.0")
        await expect(page.locator("#carry .now")).to_have_text("neutral")
        await expect(page.locator("#fills-table tbody tr")).to_have_count(13)
        await expect(page.locator("#refusals")).to_contain_text("price_collar")
        await expect(page.locator("#processes tbody tr")).to_have_count(8)
        drawn = await _colours(page)
        assert {"70,194,142", "240,113,123"} <= drawn, "own buys and sells are on the chart"


@pytest.mark.row("K11")
async def test_money_that_nobody_knows_is_a_dash(tmp_path: Path, browser_path: str) -> None:
    """A fee in BNB, whose price is not heard, makes sums, day and result unknown beside their asset, not smaller."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        page = seen.page
        await expect(page.locator("#pnl")).to_have_text(re.compile(r"^[+−]?\d.* USDT$"))
        ref = scenes.reference("grid-perp", PERP, "w-1")
        fill = scenes.filled(ref, Side.BUY, scenes.ANCHOR - 72, stage.house.clock.market_ms())
        await stage.record(msgspec.structs.replace(fill, fee_asset="BNB"))
        await expect(page.locator("#pnl")).to_have_text("– USDT", timeout=SEEN_MS)
        await expect(page.locator("#pnl-parts")).to_contain_text("24 hours– USDT")
        await expect(page.locator("#hours-sum")).to_contain_text("– USDT since")
        await expect(page.locator("#profit")).to_contain_text("no price of BNB")
        assert seen.complaints == []


@pytest.mark.row("H04")
async def test_a_change_reaches_the_page_without_a_reload(
    tmp_path: Path, browser_path: str
) -> None:
    """A new fill and a process that dies appear on the open page by themselves."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        now_ms = stage.house.clock.market_ms()
        ref = scenes.reference("grid-perp", PERP, "w-1")
        await stage.record(scenes.filled(ref, Side.BUY, scenes.ANCHOR - 72, now_ms))
        await expect(seen.page.locator("#fills-table tbody tr")).to_have_count(14, timeout=SEEN_MS)
        await expect(seen.page.locator("#orders-table tbody tr")).to_have_count(7, timeout=SEEN_MS)
        stage.write_run(relay="backoff")
        await expect(seen.page.locator("#troubles")).to_contain_text(
            "relay is backoff exit code 1", timeout=SEEN_MS
        )


@pytest.mark.row("H06")
async def test_the_page_asks_nobody_but_its_own_gateway(tmp_path: Path, browser_path: str) -> None:
    """Every request goes to the gateway, and the browser finds nothing that breaks the content policy."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        await expect(seen.page.locator("#orders-table tbody tr")).to_have_count(8)
        host = seen.address.removeprefix("http://")
        assert seen.asked
        assert [
            url for url in seen.asked if url.split("://", 1)[1].split("/")[0] + "/" != host
        ] == []
        assert seen.complaints == []


@pytest.mark.row("H04")
async def test_a_person_kills_and_resumes_with_the_token(tmp_path: Path, browser_path: str) -> None:
    """Holding the button and giving the token kills the desk; a wrong token does not; resume brings it back."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        page = seen.page
        await page.locator("#kill").click(delay=HOLD_MS)
        await page.locator("#ask-token").fill("wrong")
        await page.locator("#ask-go").click()
        await expect(page.locator("#ask-answer")).to_contain_text("wrong token", timeout=SEEN_MS)
        assert stage.heard == []
        await page.locator("#ask-token").fill(TOKEN)
        await page.locator("#ask-reason").fill("it is 3 a.m.")
        await page.locator("#ask-go").click()
        await expect(page.locator("#ask-answer")).to_contain_text(
            "executor-main: KILLED, 8 orders cancelled", timeout=SEEN_MS
        )
        await expect(page.locator("#mode")).to_have_text("KILLED", timeout=SEEN_MS)
        await expect(page.locator("#mode-why")).to_contain_text("it is 3 a.m.")
        assert [(verb, words["reason"]) for verb, words in stage.heard] == [
            ("kill", "it is 3 a.m.")
        ]
        await page.locator("#ask-cancel").click()
        await page.locator("#resume").click()
        await page.locator("#ask-go").click()
        await expect(page.locator("#mode")).to_have_text("NORMAL", timeout=SEEN_MS)


@pytest.mark.row("H04")
async def test_a_short_press_kills_nothing(tmp_path: Path, browser_path: str) -> None:
    """A slip of the hand on the kill button asks for nothing."""
    async with staged(tmp_path / "desk") as stage, sight(stage, browser_path) as seen:
        await seen.open()
        await seen.page.locator("#kill").click()
        await expect(seen.page.locator("#ask")).not_to_be_visible()
        await seen.page.locator("#kill").focus()
        await seen.page.keyboard.press("Enter")
        await expect(seen.page.locator("#ask")).not_to_be_visible()
        assert stage.heard == []


@pytest.mark.row("H04")
async def test_an_old_picture_is_never_called_safe(tmp_path: Path, browser_path: str) -> None:
    """When the gateway is gone the page says UNKNOWN and that what it shows is old."""
    async with staged(tmp_path / "desk") as stage, async_playwright() as driver:
        chromium = await driver.chromium.launch(executable_path=browser_path, args=[*FLAGS])
        page = await chromium.new_page(viewport={"width": 390, "height": 800})
        async with stage.gateway() as gateway:
            now_ms = stage.house.clock.market_ms()
            await stage.publish(*scenes.market(now_ms))
            await page.goto(f"http://127.0.0.1:{gateway.web.port}/")
            await expect(page.locator("#mode")).to_have_text("NORMAL", timeout=SEEN_MS)
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 390, "a phone scrolls in one direction"
        await expect(page.locator("#mode")).to_have_text("UNKNOWN", timeout=SEEN_MS)
        await expect(page.locator("#troubles")).to_contain_text("what you see is old")
        await chromium.close()
