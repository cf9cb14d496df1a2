"""A market that cannot be played on ends the venue's process with one line that names the fix."""

from pathlib import Path

import pytest

from opensqt.cli import paper_venue as venue
from opensqt.desk.runfile import RunFile, write_run
from opensqt.runtime.clock import ClockOrigin, RunClock
from opensqt.simulation.engine.store import Changes, Store
from opensqt.simulation.market.synthetic import SyntheticFlow
from opensqt.simulation.server.paper import AUDIT_FILE
from tests.simulation.flow.written import BEGIN_MS, Written
from tests.simulation.venue.test_restart import CONFIG


def run(folder: Path, market: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the venue's process on a folder, from the time of the recording, and return its exit code."""
    config = folder / "opensqt.toml"
    config.write_text(CONFIG)
    clock = ClockOrigin(origin_market_ms=BEGIN_MS, origin_wall_ms=RunClock().wall_ms())
    write_run(folder, RunFile(clock=clock, market=market))
    monkeypatch.setenv("OPENSQT_DATA", str(folder))
    monkeypatch.setenv("OPENSQT_CONFIG", str(config))
    return venue.main()


def gap(folder: Path) -> Path:
    """A recording whose second delta is lost for ever."""
    written = Written("usdm").delta(0).snapshot([("100.0", "5")], [("102.0", "5")])
    return written.delta(50, [("100.0", "4")]).delta(60, first=900).save(folder)


def test_a_gap_met_while_playing_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, and what to do; no traceback."""
    market = f"recorded:{gap(tmp_path)}"
    assert run(tmp_path, market, monkeypatch) == venue.EXIT_MARKET
    said = [line for line in capsys.readouterr().err.splitlines() if not line.startswith("{")]
    assert len(said) == 1, said
    assert said[0].startswith("venue: ")
    assert "sequence gap" in said[0]


def test_the_state_of_another_market_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that ran with another seed says which one it expects."""
    other = SyntheticFlow("8", ("BTC/USDT:USDT",))
    other.start(BEGIN_MS)
    store = Store(tmp_path / "venue", tmp_path / AUDIT_FILE)
    store.commit(Changes(meta={"flow": other.state()}))
    store.close()
    assert run(tmp_path, "synthetic:7", monkeypatch) == venue.EXIT_MARKET
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1, said
    assert said[0].startswith("venue: state is of synthetic:8")
