"""The page of a backtest: one light file that asks nobody for anything, and shows what the JSON says."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from opensqt.backtest.backtest import backtest
from opensqt.backtest.outcome import Outcome
from opensqt.backtest.report import as_page, written
from tests.unit.backtest.desks import config, quotes_file
from tests.unit.backtest.test_backtest_command import wave


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    """What came of a grid on a wave."""
    return backtest(config(), [str(quotes_file(tmp_path, wave()))])


def data_of(page: str) -> dict[str, object]:
    """Return what the page carries."""
    (text,) = re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)
    found: dict[str, object] = json.loads(text)
    return found


def test_the_page_needs_no_network_and_is_light(outcome: Outcome, tmp_path: Path) -> None:
    """No address but the name of SVG, a policy that lets nothing be loaded, and less than a mail may have."""
    page = written(outcome, tmp_path / "out").read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"']+", page)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in page
    assert not re.findall(r"<(?:link|img|iframe)|\ssrc=|@import|url\(", page)
    assert len(page) < 1_000_000


def test_the_page_shows_what_the_run_was(outcome: Outcome) -> None:
    """Models, warnings, hashes and money are those of the outcome, and each trade is marked."""
    told = data_of(as_page(outcome))
    series = told["series"]
    assert isinstance(series, dict)
    assert told["models"] == list(outcome.models)
    assert told["warnings"] == list(outcome.warnings)
    assert told["hashes"] == outcome.hashes
    assert len(series["fills"]) == len(outcome.trades) > 20
    assert len(series["ladder"]) == len(outcome.ladder) > len(outcome.trades) // 2
    assert len(series["times"]) == len(series["earned"]) == len(series["drawdown"])
    assert series["earned"][-1] == float(outcome.money.net_quote)


def test_no_text_of_a_run_becomes_markup(outcome: Outcome) -> None:
    """A file that is named like a script ends no element of the page."""
    evil = "</script><script>alert(1)</script>"
    page = as_page(msgspec.structs.replace(outcome, files=(evil,)))
    assert evil not in page
    assert data_of(page)["files"] == [evil]


@pytest.mark.browser
def test_the_page_draws_itself_in_a_browser(
    outcome: Outcome, tmp_path: Path, browser_path: str
) -> None:
    """Four charts, a mark for each trade, no error; a drag looks closer at all of them, and back again."""
    from playwright.sync_api import sync_playwright

    page_path = written(outcome, tmp_path / "out")
    with sync_playwright() as browsers:
        browser = browsers.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1250, "height": 1600})
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(page_path.as_uri())
        charts = page.locator("#charts svg")
        assert charts.count() == 4
        marks = page.locator("#charts svg path title")
        assert marks.count() == len(outcome.trades)
        box = charts.first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 300, box["y"] + 60)
        page.mouse.down()
        page.mouse.move(box["x"] + 600, box["y"] + 60)
        page.mouse.up()
        assert 0 < marks.count() < len(outcome.trades)
        page.get_by_role("button", name="show all").click()
        assert marks.count() == len(outcome.trades)
        assert errors == []
        browser.close()
