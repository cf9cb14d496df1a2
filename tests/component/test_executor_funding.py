"""Funding is booked once, whatever the order in which the venue shows the payments of several symbols."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.account import FundingPaid
from tests.component.rig import PERP, SYMBOL, Rig
from tests.support.venue.exchange import RiggedExchange
from tests.support.venue.incidents import pay_funding
from tests.support.venue.venue import FaultyVenue

OTHER = "ETH/USDT:USDT"
RATE = Decimal("0.0001")


@pytest.mark.row("K06", "I16")
async def test_a_payment_that_becomes_visible_after_a_newer_one_is_booked(tmp_path: Path) -> None:
    """The newest payment of the account is of one symbol; that of the other is older and comes a second later."""
    rig = Rig(tmp_path)
    rig.symbols = (SYMBOL, OTHER)
    rules = (PERP, msgspec.structs.replace(PERP, symbol=OTHER, venue_symbol="ETHUSDT", base="ETH"))
    rig.exchange = RiggedExchange(clock=rig.clock, rules=rules, balances={"USDT": Decimal(100_000)})
    rig.venue = FaultyVenue(rig.exchange)
    for symbol in rig.symbols:
        rig.exchange.trade(symbol, Decimal(50_000))
        rig.exchange.position(symbol).quantity = Decimal(1)

    def booked() -> list[str]:
        return [fact.symbol for fact in rig.facts() if isinstance(fact, FundingPaid)]

    async with rig.running(rig.executor()) as executor:
        await rig.clock.run_for(60)
        pay_funding(rig.exchange, SYMBOL, RATE)
        await executor.reconcile()
        assert booked() == [SYMBOL]
        rig.exchange.settlement.now_ms = rig.clock.market_ms() - 20_000
        rig.exchange.settlement.pay_funding(rig.exchange.account, OTHER, RATE)
        rig.exchange.commit()
        for _ in range(2):
            await executor.reconcile()
        assert booked() == [SYMBOL, OTHER]
