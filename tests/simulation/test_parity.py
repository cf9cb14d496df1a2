"""A strategy that the backtester drives says what the same strategy said in a running process, event for event."""

from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from opensqt.backtest.seat import StrategySeat
from opensqt.domain.intent import Basis
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.replay import deciding
from opensqt.strategies.decision import Decision
from opensqt.strategies.kernel import StrategyInstance, StrategySpec
from tests.recorded_desk import live


class Seated(StrategyInstance):
    """An instance whose every message goes through the seat of a backtest."""

    price_factor = 1

    def __init__(self, play: StrategySpec[Any]) -> None:
        super().__init__(play)
        # It never sleeps here, and a market is asked only for what a strategy slept through.
        self._seat = StrategySeat(play, cast("Any", None), every_row=True)

    def hear(self, message: Event, basis: Basis, *, live: bool) -> Decision | None:
        """Let the seat fold it, and decide once the past is folded."""
        if not self.concerns(message):
            return None
        if isinstance(message, Tick):
            dearer = message.bid_price * self.price_factor, message.ask_price * self.price_factor
            message = msgspec.structs.replace(message, bid_price=dearer[0], ask_price=dearer[1])
        self._seat.instance.own_run = self.own_run
        if live:
            decision = self._seat.hear(message, basis)
        else:
            self._seat.instance.see(message)
            decision = None
        self.state, self.fault = self._seat.instance.state, self._seat.instance.fault
        return decision


class Dearer(Seated):
    """The same, shown other prices."""

    price_factor = 2


@pytest.mark.row("I23")
async def test_a_backtest_says_what_a_process_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over a lost bus, a restart and another configuration each recorded intent comes again, and none else."""
    lived = await live(tmp_path)
    monkeypatch.setattr(deciding, "StrategyInstance", Seated)
    found = await lived.replayed()
    assert found.first is None
    assert found.intents >= 10
    monkeypatch.setattr(deciding, "StrategyInstance", Dearer)
    assert (await lived.replayed()).differences > 0
