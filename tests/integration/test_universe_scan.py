"""A whole venue read over its wire, as anybody may: what it lists, what it paid, and what it does not tell."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.portfolio.scan import PerpPast, carriable, scanned, to_read
from opensqt.portfolio.universe import UniverseTerms
from opensqt.simulation.engine.funding import FundingPoint
from opensqt.venues.universe import VenueUniverse
from tests.contract.venues import PERP, SPOT, WIRED, House, open_house

HOUR_MS = 3_600_000
TERMS = UniverseTerms(volume_quote_min=Decimal(20_000), intervals_min=3)
NO_FUNDINGS = ("bitget",)  # whose simulated venue has no history of them


def _paid(house: House, count: int) -> None:
    """Let the venue have settled so many fundings, eight hours apart."""
    assert house.real is not None
    chores = house.real.server._context.chores
    now_ms = house.clock.market_ms()
    chores.points[:] = [
        FundingPoint(
            symbol=PERP,
            time_ms=now_ms - (count - number) * 8 * HOUR_MS,
            rate=Decimal("0.0003"),
            mark=Decimal(60_000),
        )
        for number in range(count)
    ]


@pytest.mark.row("F16")
@pytest.mark.parametrize("kind", WIRED)
async def test_a_venue_is_scanned_over_its_wire(kind: str, tmp_path: Path) -> None:
    """Volumes of both legs, rate, real interval and fundings are told by each venue in its own words."""
    house = await open_house(kind, tmp_path)
    try:
        for symbol in (SPOT, PERP):
            house.trade(symbol, "60000", "0.5")
        _paid(house, 5)
        universe = VenueUniverse(house.gate, TERMS, Decimal(1))
        (pair,) = carriable(await universe.listed())
        assert {pair.long.volume_quote, pair.short.volume_quote} == {Decimal(30_000)}
        assert (pair.short.funding_rate, pair.short.interval_hours) == (Decimal("0.0003"), 8)
        assert pair.short.predicted_rate == (Decimal("0.0003") if kind == "gate" else None)
        pasts: dict[str, PerpPast] = {}
        now_ms = house.clock.wall_ms()
        await universe.pasts(to_read([pair], pasts, now_ms, TERMS), pasts.__setitem__)
        scan = scanned(kind, [pair], pasts, now_ms, TERMS)
        if kind in NO_FUNDINGS:
            (out,) = scan.left_out
            assert out.why == "its venue did not tell which fundings it paid"
            return
        (one,) = scan.ranking
        assert pasts[PERP].rates == (Decimal("0.0003"),) * 5
        assert one.metrics.sma_7d == Decimal("0.3285")  # 3 bps, 1095 times a year
        assert {"5 of 90 fundings", "daily prices"} <= {*one.unknown}
        thin = msgspec.structs.replace(TERMS, volume_quote_min=Decimal(30_001))
        assert "traded 30000" in scanned(kind, [pair], pasts, now_ms, thin).left_out[0].why
    finally:
        await house.close()
