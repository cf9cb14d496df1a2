"""`opensqt backtest` as a person and a script see it: its line, its report, its refusals."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.cli.main import main
from tests.unit.backtest.desks import BEGIN_MS, CONFIG, PERP, Quote, quotes_file

LINE = {
    *("type", "ticks", "ticks_per_second", "fills", "net_pnl", "fees", "funding", "max_drawdown"),
    *("sharpe", "trades_sha256", "report"),
}
HOUR_MS = 3_600_000


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A configuration with a grid on a perpetual."""
    path = tmp_path / "desk.toml"
    words = {"symbol": PERP, "mode": "neutral", "step_bps": "10", "levels": 3, "notional": "600"}
    path.write_text(CONFIG.format(latency_ms=50, queue="behind", more="", **words))
    return path


def wave(count: int = 1200, *, begin_ms: int = BEGIN_MS, every_ms: int = 1000) -> list[Quote]:
    """Return a price that goes up and down over four levels of the grid."""
    found: list[Quote] = []
    for number in range(count):
        height = abs(number % 240 - 120)  # 0 .. 120
        bid = 60_000 + height * 2
        found.append((begin_ms + number * every_ms, f"{bid}.0", "5", f"{bid}.1", "5"))
    return found


@pytest.fixture
def told(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[str, object]]:
    """Run the command over quotes and return its last line."""

    def run(quotes: list[Quote], *flags: str) -> dict[str, object]:
        data = tmp_path / "data"
        data.mkdir(exist_ok=True)
        quotes_file(data, quotes)
        out = ["--out", str(tmp_path / "out"), "--json"]
        assert main(["backtest", str(desk), "--data", str(data), *out, *flags]) == 0
        line: dict[str, object] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return line

    return run


@pytest.mark.row("H08")
def test_the_line_of_a_backtest_is_what_was_promised(
    told: Callable[..., dict[str, object]], tmp_path: Path
) -> None:
    """Its keys, its decimals as texts, money that adds up, and a report beside it that says the same."""
    line = told(wave())
    assert set(line) == LINE
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    money = {name: Decimal(amount) for name, amount in report["money"].items()}
    assert line["fills"] == len(report["trades"]) > 20
    assert (
        Decimal(str(line["net_pnl"]))
        == money["net_quote"]
        == sum(money[f"{name}_quote"] for name in ("price", "slippage", "fees", "funding"))
    )
    paid = sum(Decimal(one["fill"]["fee"]) for one in report["trades"])
    assert Decimal(str(line["fees"])) == paid == -money["fees_quote"]
    assert any(model.startswith("Queue (behind)") for model in report["models"])
    assert any("Liquidation is not simulated" in warning for warning in report["warnings"])


@pytest.mark.row("H08")
def test_the_same_run_makes_the_same_trades(told: Callable[..., dict[str, object]]) -> None:
    """Twice the same input: the same hash. Another price somewhere: another one."""
    first, again = told(wave()), told(wave())
    assert first["trades_sha256"] == again["trades_sha256"]
    assert told(wave(), "--every-row")["trades_sha256"] == first["trades_sha256"]
    assert told(wave(900))["trades_sha256"] != first["trades_sha256"]


@pytest.mark.row("H08")
def test_funding_is_paid_at_its_boundary(told: Callable[..., dict[str, object]]) -> None:
    """A position over 08:00 UTC pays the configured rate on the mid, and nothing before it."""
    before = told(wave(1200, begin_ms=BEGIN_MS + 8 * HOUR_MS - 1_200_000))
    assert before["funding"] == "0"
    begin_ms = BEGIN_MS + 8 * HOUR_MS - 20_000
    falling: list[Quote] = [
        (begin_ms + number * 1000, f"{60_000 - 6 * number}.0", "5", f"{60_000 - 6 * number}.1", "5")
        for number in range(30)
    ]
    line = told(falling)
    assert Decimal(str(line["funding"])) < 0, "a long pays"


def test_slower_wires_and_dearer_tiers_cost(
    desk: Path, told: Callable[..., dict[str, object]]
) -> None:
    """Latency changes trades; the fees of a tier come from the configuration and change what is earned."""
    quick = wave(every_ms=20)
    base = told(quick)
    text = desk.read_text()
    desk.write_text(text.replace("latency_ms = 50", "latency_ms = 1000"))
    assert told(quick)["trades_sha256"] != base["trades_sha256"]
    tier = f'[backtest.fees."{PERP}"]\nmaker_bps = "-1"\ntaker_bps = "4"\n[strategies.grid]'
    desk.write_text(text.replace("[strategies.grid]", tier))
    rebate = told(quick)
    assert Decimal(str(rebate["fees"])) < 0 < Decimal(str(base["fees"]))


def test_a_symbol_without_data_is_refused_by_name(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The strategy, its symbol and what the data hold instead stand in one line."""
    path = quotes_file(tmp_path, wave(5), name="spot_ethusdt_a.csv")
    assert main(["backtest", str(desk), "--data", str(path)]) == 2
    error = capsys.readouterr().err
    assert PERP in error
    assert "ETH/USDT" in error
    assert "Traceback" not in error


@pytest.mark.parametrize("venue", ["okx", "bybit", "bitget"])
def test_a_venue_that_is_not_played_is_refused_by_name(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], venue: str
) -> None:
    """What its wallets and refusals would do is not known here: no report is better than a wrong one."""
    desk.write_text(desk.read_text().replace("binance", venue))
    path = quotes_file(tmp_path, wave(5))
    assert main(["backtest", str(desk), "--data", str(path)]) == 2
    error = capsys.readouterr().err
    assert f"venues.{venue}" in error
    assert "binance" in error
    assert "Traceback" not in error


def test_a_made_market_needs_no_file(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`synthetic:SEED` plays as long as it is told to, and is refused without an end."""
    out = ["--out", str(tmp_path / "out")]
    assert main(["backtest", str(desk), "--data", "synthetic:7", *out]) == 2
    assert "--for" in capsys.readouterr().err
    assert main(["backtest", str(desk), "--data", "synthetic:7", "--for", "5s", *out]) == 0
    assert "earned" in capsys.readouterr().out


@pytest.mark.recordings
@pytest.mark.row("H08")
def test_a_recording_is_played_as_paper_plays_it(
    desk: Path, tmp_path: Path, recordings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ten seconds of recorded books and trades: twice the same trades, also when every frame is looked at."""
    path = recordings / "market_raw" / "binance" / "usdm_btcusdt_20240808.gz"
    words = ["backtest", str(desk), "--data", str(path), "--for", "10s", "--json"]
    hashes = set()
    for number, flags in enumerate(([], ["--every-row"])):
        assert main([*words, *flags, "--out", str(tmp_path / str(number))]) == 0
        hashes.add(json.loads(capsys.readouterr().out)["trades_sha256"])
    assert len(hashes) == 1
