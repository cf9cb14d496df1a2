"""A look at a venue's universe, as somebody left it in a data folder: one pair that is worth carrying."""

from decimal import Decimal
from pathlib import Path

from opensqt.portfolio.scan import PerpPast, carriable, scanned
from opensqt.portfolio.universe import ListedLeg, PairLeg, UniverseTerms
from opensqt.runtime.universe_file import KnownUniverse, write_universe
from tests.simulation.strategy_facts import PERP

SCANNED_MS = 1_796_000_000_000
RATE = Decimal("0.0003")


def leave_scan(folder: Path, venue: str) -> None:
    """Write a scan in which BTC paid 3 bps in each of 90 intervals."""
    terms = UniverseTerms()
    listed = [
        ListedLeg(
            leg=PairLeg(venue=venue, symbol=symbol),
            base="BTC",
            quote="USDT",
            volume_quote=terms.volume_quote_min,
            price=Decimal(60_000),
            funding_rate=rate,
        )
        for symbol, rate in ((PERP.partition(":")[0], Decimal(0)), (PERP, RATE))
    ]
    pasts = {PERP: PerpPast(read_at_ms=SCANNED_MS, rates=(RATE,) * 90)}
    scan = scanned(venue, carriable(listed), pasts, SCANNED_MS, terms)
    write_universe(folder, venue, KnownUniverse(pasts=pasts, scan=scan))
