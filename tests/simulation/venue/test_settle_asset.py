"""Perpetuals settle in the asset that the instrument names: fees, profit, funding, margin and balances of USDC ones."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.venue import Held, Refused
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.schema import VenueConfig
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.market.flow import BookSnapshot, Frame
from opensqt.simulation.server import paper
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests.contract.venues import House, gate_to
from tests.simulation.venue import scripted
from tests.simulation.venue.scripted import PERP, RULES, d

USDC = "BTC/USDC:USDC"
BALANCES = {"main": {"USDT": d("100000"), "USDC": d("50000")}}
(PERP_RULES,) = (rules for rules in RULES if rules.symbol == PERP)
USDC_RULES = msgspec.structs.replace(
    PERP_RULES, symbol=USDC, venue_symbol="BTCUSDC", quote="USDC", settle="USDC"
)


class TwoQuotes(scripted.ScriptedFlow):
    """The scripted market with a perpetual that settles in USDC."""

    @property
    def instruments(self) -> tuple[InstrumentRules, ...]:
        """All three."""
        return (*RULES, USDC_RULES)

    def frames(self) -> Iterator[Frame]:
        """A snapshot of the third as well."""
        bids = tuple((d("60000") - n, d("1")) for n in range(1, 21))
        asks = tuple((d("60000") + n, d("1")) for n in range(1, 21))
        yield BookSnapshot(symbol=USDC, time_ms=self._time_ms, bids=bids, asks=asks)
        yield from super().frames()


async def open_house(folder: Path) -> House:
    """Start the paper venue with both perpetuals."""
    clock = RunClock()
    funding = {symbol: FundingTerms(rate=d("0.0003")) for symbol in (PERP, USDC)}
    setup = msgspec.structs.replace(scripted.setup(folder), balances=BALANCES, funding=funding)
    real = paper.PaperVenue(setup, TwoQuotes(), clock)
    await real.start()
    gate = gate_to(real.port, real.ca_path, clock, frozenset(Market), VenueConfig())
    venue = VenueAccount(gate, account="main", policy=policy_of("binance"))
    return House(clock=clock, venue=venue, trade=lambda *_: None, real=real, door=gate)


@pytest.mark.row("D04")
async def test_a_usdc_perpetual_pays_and_is_paid_in_usdc(tmp_path: Path) -> None:
    """The rules name it; fee, profit and funding move the USDC wallet by their sum, and the USDT one not at all."""
    house = await open_house(tmp_path)
    try:
        (rules,) = await house.venue.rules((USDC,))
        assert (rules.settle, rules.settles_in, rules.quote) == ("USDC", "USDC", "USDC")
        opening = house.request("qopen", USDC, price="60001")
        closing = house.request("qclose", USDC, side=Side.SELL, price="59999", reduce_only=True)
        assert isinstance(await house.venue.place(opening), Held)
        assert house.real is not None
        house.real.exchange.settlement.pay_funding("main", USDC, Decimal("0.0003"))
        assert isinstance(await house.venue.place(closing), Held)
        fills = await house.venue.trades(USDC, after="", since_ms=house.clock.market_ms() - 5000)
        assert {fill.fee_asset for fill in fills} == {"USDC"}
        wallet = house.real.exchange.settlement.accounts["main"].wallet("USDC")
        fees, profit = sum(f.fee for f in fills), sum(f.realized_pnl or 0 for f in fills)
        assert fees > 0
        assert profit < 0
        assert wallet.funding < 0
        view = await house.venue.account()
        totals = {(one.wallet, one.asset): one.total for one in view.balances}
        assert totals[Market.PERP, "USDC"] == 50000 + profit - fees + wallet.funding
        assert totals[Market.PERP, "USDT"] == 100000
    finally:
        await house.close()


async def test_margin_is_that_of_the_settlement_asset(tmp_path: Path) -> None:
    """USDT does not carry a position that settles in USDC, and its orders bind no margin of USDT."""
    house = await open_house(tmp_path)
    try:
        big = house.request("qbig", USDC, price="59000", quantity="5")  # 59,000 USDC of margin
        refused = await house.venue.place(big)
        assert isinstance(refused, Refused)
        assert refused.code == "-2019"
        assert isinstance(
            await house.venue.place(house.request("qone", USDC, price="59000", quantity="4")), Held
        )
        assert isinstance(
            await house.venue.place(house.request("qtwo", PERP, price="59000", quantity="8")), Held
        )
    finally:
        await house.close()
