"""How the pasts of a venue are read: ten requests at once, what is refused is unknown, and a ban ends it."""

import asyncio
from types import SimpleNamespace
from typing import Any, ClassVar, cast

import pytest
from ccxt.base.errors import BadRequest, RateLimitExceeded

from opensqt.domain.decimals import ONE
from opensqt.domain.venue import VenueDown
from opensqt.portfolio.scan import PerpPast
from opensqt.portfolio.universe import ListedLeg, PairLeg, UniverseTerms
from opensqt.runtime.clock import VirtualClock
from opensqt.venues.engine.rest import VenueRest
from opensqt.venues.universe import VenueUniverse

LEGS = tuple(
    ListedLeg(
        leg=PairLeg(venue="binance", symbol=f"A{number}/USDT:USDT"),
        base=f"A{number}",
        quote="USDT",
        volume_quote=ONE,
        price=ONE,
    )
    for number in range(40)
)


class Client:
    """A venue in ccxt's unified words that has no candles; it counts who asks at once, and bars us after some."""

    has: ClassVar = {"fetchOpenInterest": False}
    enableRateLimit = True  # noqa: N815  # as ccxt names it

    def __init__(self, answers: int = 1000) -> None:
        self.asking = self.most = 0
        self.answers = answers
        self.barred_until_s = 0.0

    async def fetch_funding_rate_history(self, symbol: str, *terms: Any) -> list[dict[str, str]]:
        """Ninety fundings."""
        del symbol, terms
        self.asking += 1
        self.most = max(self.most, self.asking)
        await asyncio.sleep(0)
        self.asking -= 1
        self.answers -= 1
        if self.answers < 0:
            self.barred_until_s = 60.0
            raise RateLimitExceeded("418")
        return [{"fundingRate": "0.0001"}] * 90

    async def fetch_ohlcv(self, *terms: Any) -> list[list[str]]:
        """None."""
        del terms
        raise BadRequest("no candles")

    async def load(self) -> None:
        """List."""

    async def connected(self) -> "Client":
        """Be there."""
        return self


def _universe(client: Client) -> VenueUniverse:
    rest = SimpleNamespace(
        clients=client,
        listing=client,
        clock=VirtualClock(),
        dialect=SimpleNamespace(name="binance"),
    )
    return VenueUniverse(cast("VenueRest", rest), UniverseTerms(), ONE)


@pytest.mark.row("F16")
async def test_pasts_are_read_ten_at_a_time_and_what_is_refused_is_unknown() -> None:
    """Forty perpetuals; candles are unknown and fundings are not."""
    client, pasts = Client(), dict[str, PerpPast]()
    await _universe(client).pasts(LEGS, pasts.__setitem__)
    assert client.most == 10
    assert len(pasts) == 40
    assert {(len(past.rates or ()), past.closes) for past in pasts.values()} == {(90, None)}


@pytest.mark.row("F16")
async def test_a_ban_ends_the_scan_and_what_was_read_holds() -> None:
    """To ask on would make it longer."""
    client, pasts = Client(answers=15), dict[str, PerpPast]()
    with pytest.raises(VenueDown, match="418"):
        await _universe(client).pasts(LEGS, pasts.__setitem__)
    assert 0 < len(pasts) <= 15
