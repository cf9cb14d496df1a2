"""A grid whose account is out of money: the desk says so on every screen while it is so, and no longer."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opensqt.desk.health import health_name
from opensqt.domain.instruments import Side
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.by_hand import trade_by_hand
from tests.e2e.desk import Desk, text

SHOWN_S_MAX = 5.0
BACK_S_MAX = 75.0  # the longest pause after refusals is a minute
ENDS_S_MAX = 120.0
LOCK_S = 4
BROKE = "no order can be placed: risk refuses: balance: needs "
pytestmark = pytest.mark.timeout(400)

CONFIG = """
schema = 1
desk = "idle"
[paper]
market = "synthetic:7:BTC/USDT,ETH/USDT"
[venues.binance]
[accounts.main]
venue = "binance"
balances = {{ USDT = "{money}", ETH = "5" }}
[strategies.grid-spot]
kind = "grid"
account = "main"
symbol = "BTC/USDT"
mode = "long"
step_bps = "40"
levels_below = {levels}
levels_above = 0
order_notional_quote = "{notional}"
funds_lock_ms = {lock_ms}
[risk]
price_collar_bps = "300"
"""


def configured(folder: Path, *, money: int, levels: int, notional: int, lock_ms: int = 0) -> str:
    """Write the configuration of the desk; what an account holds is the venue's affair after its birth."""
    file = folder / "opensqt.toml"
    told = {"money": money, "levels": levels, "notional": notional, "lock_ms": lock_ms}
    file.write_text(CONFIG.format(**told))
    return str(file)


async def seen(desk: Desk) -> dict[str, Any]:
    """Return what each way of looking says of the grid: command, page, readiness and metric."""
    (status,) = [line for line in await desk.verb("status") if line["type"] == "strategy"]
    ports = desk.run_file.ports
    page = json.loads(await text(ports["gateway"], "/api/snapshot"))
    grid = ports[health_name("grid")]
    (told,) = json.loads(await text(grid, "/readyz"))["strategies"]
    metrics = await text(grid, "/metrics")
    (shown,) = page["grids"]
    (figure,) = [
        line.split()[-1]
        for line in metrics.splitlines()
        if line.startswith('opensqt_strategy_trading{strategy="grid-spot"}')
    ]
    return {
        "status": (status["trading"], status["reason"]),
        "page": (shown["trading"], shown["reason"]),
        "readyz": (told["trading"], told["reason"]),
        "wrong": [line["text"] for line in page["troubles"] if "grid-spot" in line["text"]],
        "metric": float(figure),
    }


async def begun(desk: Desk, config: str, *, limit: str = "") -> None:
    """Begin an account whose owner buys one ETH beside the desk: at 2680 at once, or by an order that rests."""
    async with desk.running("--config", config):
        await trade_by_hand(desk, "ETH/USDT", Side.BUY, "1", limit=limit)


async def page_begins(desk: Desk, why: str) -> bool:
    """Tell whether the page gives a reason that begins so."""
    (shown,) = json.loads(await text(desk.run_file.ports["gateway"], "/api/snapshot"))["grids"]
    return not shown["trading"] and bool(shown["reason"].startswith(why))


async def page_says(desk: Desk, why: str) -> bool:
    """Tell whether the page gives this reason; none while the grid trades."""
    (shown,) = json.loads(await text(desk.run_file.ports["gateway"], "/api/snapshot"))["grids"]
    return bool((shown["trading"], shown["reason"]) == (not why, why))


async def both_open(desk: Desk) -> bool:
    """Tell whether both levels have their order."""
    return len(await desk.verb("orders", "--open")) == 2


@pytest.mark.row("K03")
async def test_a_grid_without_money_says_so_everywhere_until_it_has_some(tmp_path: Path) -> None:
    """Risk knows that the money is gone: all screens say so, and what is free; a sale by hand ends it."""
    desk = Desk(tmp_path / "data")
    await begun(desk, configured(tmp_path, money=3_180, levels=1, notional=20))
    rich = configured(tmp_path, money=10_000, levels=2, notional=1000)
    async with desk.running("--config", rich):
        await until(lambda: page_begins(desk, BROKE), within_s=60)
        told = await seen(desk)
        for where in ("status", "page", "readyz"):
            trading, why = told[where]
            assert (trading, why.startswith(BROKE)) == (False, True), (where, why)
        (wrong,) = told["wrong"]
        assert wrong.startswith(f"grid-spot is not trading: {BROKE}")
        assert told["metric"] == 0.0
        await trade_by_hand(desk, "ETH/USDT", Side.SELL, "2")
        await until(lambda: page_says(desk, ""), within_s=BACK_S_MAX)
        after = await seen(desk)
        assert (after["status"], after["page"], after["metric"]) == ((True, ""), (True, ""), 1.0)
        assert after["wrong"] == []
        # The level that was refused last rests a little longer.
        await until(lambda: both_open(desk), within_s=BACK_S_MAX)


def asked_s(desk: Desk, kind: str, result: str) -> list[float]:
    """Return when (epoch seconds) the venue answered so to requests of the grid to place or to cancel."""
    return [
        datetime.fromisoformat(row["time"]).timestamp()
        for row in audit.rows(desk.data)
        if (row["kind"], row.get("result"), row["symbol"]) == (kind, result, "BTCUSDT")
    ]


@pytest.mark.row("B20")
async def test_a_refusal_for_want_of_funds_locks_all_openings_for_a_while(tmp_path: Path) -> None:
    """Money for one of two levels: the order that rests is cancelled, four seconds later it is tried again."""
    desk = Desk(tmp_path / "data")
    # Of what an order by hand binds risk knows nothing.
    await begun(desk, configured(tmp_path, money=3_500, levels=1, notional=20), limit="2000")
    rich = configured(tmp_path, money=10_000, levels=2, notional=1000, lock_ms=1000 * LOCK_S)
    async with desk.running("--config", rich):
        await until(lambda: bool(asked_s(desk, "place", "refused")), within_s=60)
        refused_s = asked_s(desk, "place", "refused")[0]
        why = f"not enough funds: no openings for {1000 * LOCK_S} ms after the refusal"
        await until(lambda: page_says(desk, why), within_s=LOCK_S)
        await until(
            lambda: max(asked_s(desk, "cancel", "accepted"), default=0) > refused_s, within_s=LOCK_S
        )
        assert await desk.verb("orders", "--open") == []
        again_s = refused_s + LOCK_S
        await until(lambda: asked_s(desk, "place", "accepted")[-1] >= again_s, within_s=60)
        tried = asked_s(desk, "place", "accepted") + asked_s(desk, "place", "refused")
        # What risk had approved before the refusal was heard may still come.
        assert not [at for at in tried if refused_s + 1 < at < again_s - 0.1]
        await trade_by_hand(desk, "ETH/USDT", Side.SELL, "2")
        await until(lambda: both_open(desk), within_s=BACK_S_MAX)
