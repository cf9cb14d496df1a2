"""The headline of the page: what is stopped, and which part of the desk that is."""

import msgspec
import pytest

from services.gateway.decide import mode_of
from tests.simulation.strategy_facts import PERP
from tests.unit.services.gateway.test_gateway import RISK, TOLD, folded, halted


@pytest.mark.parametrize("risk_mode", ["NORMAL", "REDUCING"])
@pytest.mark.row("H04")
def test_the_headline_says_which_part_of_the_desk_is_stopped(risk_mode: str) -> None:
    """One symbol that is stopped is not the desk; where the whole desk is, its reason alone stands there."""
    told = msgspec.structs.replace(TOLD, statuses=RISK | {"risk": {"mode": risk_mode}})
    one = halted(scope=f"binance/main/{PERP}")
    assert mode_of(folded(one), told)["why"] == f"only binance/main/{PERP}: drift"
    desk = msgspec.structs.replace(halted(mode="HALTED", scope="desk"), reason="loss")
    assert mode_of(folded(one, desk), told)["why"] == "loss"
