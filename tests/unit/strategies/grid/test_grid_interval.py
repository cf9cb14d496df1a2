"""The interval that adapts to the range of the market, and what becomes of slots when it changes."""

from decimal import Decimal

import pytest

from opensqt.strategies.api import RunTerms
from opensqt.strategies.grid.ladder_settings import GridMode
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.grid.state import GridState
from opensqt.strategies.grid.strategy import GRID
from opensqt.strategies.settings import SettingError
from tests.simulation.grid_rig import BUY, SELL, move, rig_of, setup_of, slot
from tests.simulation.strategy_facts import PERP, candle_of, d
from tests.simulation.strategy_rig import Rig

STEP_BPS = Decimal(2)  # 10 at 50 000


def ranging(rig: Rig[GridState], atr: str, minute: int = 0) -> None:
    """Let three minutes close whose mean range is this, around one price."""
    for number in range(3):
        low = Decimal(49996) - d(atr) / 2
        high = low + d(atr)
        candle = candle_of(minute + number, close="49996", high=str(high), low=str(low))
        rig.feed(candle)


def adaptive(**changes: object) -> Rig[GridState]:
    """Return a neutral grid anchored at 50 000 that follows the mean range of two minutes."""
    told = {"step_atr_scale": Decimal(1), "candles": 2, "anchor": "50000", "step_bps": STEP_BPS}
    return rig_of(setup_of(**{**told, **changes}), "49996")


@pytest.mark.row("B13")
@pytest.mark.parametrize("atr, buys", [("5", [49_980, 49_990]), ("50", [49_900, 49_950])])
def test_the_interval_is_the_step_or_the_range_of_the_market(atr: str, buys: list[int]) -> None:
    """Base 10, scale 1, price 49 996: an ATR of 5 buys at 49 990, one of 50 at 49 950."""
    rig = adaptive()
    ranging(rig, atr)
    rig.accept_all()
    assert rig.resting(BUY) == buys


@pytest.mark.row("B13")
def test_without_enough_candles_the_interval_is_the_step() -> None:
    """A range that is not known yet widens nothing; open candles and those of another symbol tell nothing."""
    rig = adaptive()
    rig.feed(*(candle_of(number, close="49996", high="60000") for number in range(2)))
    rig.feed(*(candle_of(9 + n, close="1", high="9000", symbol="ETH/USDT:USDT") for n in range(3)))
    rig.accept_all()
    assert rig.resting(BUY) == [49_980, 49_990]


@pytest.mark.row("B13")
def test_the_interval_has_a_bound() -> None:
    """It is never wider than step_bps_max, nor than ten steps where nothing is said."""
    rig = adaptive(step_bps_max=Decimal(6))
    ranging(rig, "500")
    rig.accept_all()
    assert rig.resting(BUY) == [49_940, 49_970]
    free = adaptive()
    ranging(free, "500")
    free.accept_all()
    assert free.resting(BUY) == [49_800, 49_900]


@pytest.mark.row("B14")
def test_a_slot_that_holds_stays_and_is_closed_one_new_interval_away() -> None:
    """Bought at 49 990 with a step of 10, it is sold at 50 040 with one of 50, and at 50 000 when all is calm again."""
    rig = adaptive(mode=GridMode.LONG)
    rig.accept_all()
    rig.fill(rig.cid_at("49990"))
    rig.accept_all()
    assert rig.resting(SELL) == [50_000]
    ranging(rig, "50")
    rig.accept_all()
    assert slot(rig, -1).position.cost == 49_990 * slot(rig, -1).position.quantity
    assert rig.resting(SELL) == [50_040]
    assert rig.resting(BUY) == [49_900, 49_950]
    ranging(rig, "5", minute=10)
    rig.accept_all()
    assert rig.resting(SELL) == [50_000]
    rig.fill(rig.cid_at("50000"))
    assert slot(rig, -1).position.quantity == 0


@pytest.mark.row("B14")
def test_a_part_bought_between_the_levels_is_sold_too() -> None:
    """The rest of its order is retired with the level, what it has bought is not."""
    rig = adaptive()
    rig.accept_all()
    rig.fill(rig.cid_at("49980"), "0.002")
    ranging(rig, "50")
    rig.accept_all()
    assert 49_980 not in rig.resting(BUY)
    assert 50_030 in rig.resting(SELL)


@pytest.mark.row("B13")
def test_a_grid_that_adapts_hears_candles_and_another_does_not() -> None:
    """What it subscribes to and how far it looks back follow from its settings."""
    terms = RunTerms(
        venue="binance",
        orders_open_max=9,
        tick_age_ms_max=3_000,
        speed=Decimal(1),
        config_hash="",
        code_version="",
    )
    plain = GRID.spec("grid", setup_of().settings, terms)
    told = GRID.spec("grid", setup_of(step_atr_scale=Decimal(1)).settings, terms)
    assert "candle" not in plain.kinds
    assert plain.lookback_ms == 0
    assert "candle" in told.kinds
    assert told.lookback_ms == 14 * 60_000
    assert told.beginning.setup.candles_kept_ms == told.lookback_ms


@pytest.mark.parametrize(
    "changes, field",
    [({"step_bps_max": Decimal(1)}, "step_bps_max"), ({"rsi_low": Decimal(70)}, "rsi_low")],
)
def test_settings_that_contradict_each_other_are_refused(
    changes: dict[str, Decimal], field: str
) -> None:
    """The setting is named."""
    settings: GridSettings = setup_of(**changes).settings
    with pytest.raises(SettingError, match=field):
        settings.resolved(Decimal(2000))


def test_the_step_stays_when_only_prices_move() -> None:
    """No candle, no other interval: ticks alone change nothing."""
    rig = adaptive()
    ranging(rig, "50")
    rig.accept_all()
    ladder = rig.state.ladder
    move(rig, "49999")
    rig.tick(PERP, "49960")
    assert rig.state.ladder is ladder
