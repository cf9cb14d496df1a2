"""The relay's look at FEED when FEED changes under its eyes."""

import pytest

from opensqt.runtime.bus.port import BusDown, Start, Stream
from services.relay.feed_recovery import FeedRecovery
from tests.relays import SETTINGS, append, everything_arrived, memory_house, running


@pytest.mark.row("A11")
async def test_a_feed_made_anew_while_it_is_looked_at_is_looked_at_again() -> None:
    """The look ends as a lost bus, which the relay outlives, and says what happened."""
    house = memory_house()
    await append(house, 3)
    async with running(house.relay()):
        await everything_arrived(house)
    look = FeedRecovery(house.bus, house.journal, house.checkpoints, house.clock, SETTINGS)
    follower = await house.bus.follow(Stream.FEED, (), Start(sequence=1))
    house.broker.make_anew(Stream.FEED)
    with pytest.raises(BusDown, match="became another one"):
        await look._first(follower)
