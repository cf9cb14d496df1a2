"""Books that a venue sends whole over the stream: a hole without a new whole one dials the connection anew."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio

from opensqt.domain.market import BookTop, FeedState, FeedStatus
from opensqt.venues.engine import books
from tests.contract.tulip_house import PATIENCE_S, SYMBOL, TulipHouse, install_tulip
from tests.support.tulip import server


@pytest_asyncio.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TulipHouse]:
    """Tulip over the wire."""
    install_tulip(tmp_path, monkeypatch)
    opened = TulipHouse()
    await opened.open()
    yield opened
    await opened.close()


@pytest.mark.row("D08")
async def test_a_hole_that_the_venue_does_not_mend_is_mended_by_a_new_connection(
    house: TulipHouse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The venue never sends a whole book again; nothing is shown meanwhile, and then the book is there again."""
    monkeypatch.setattr(server, "BOOK", server.BOOK[:3])
    monkeypatch.setattr(books, "WHOLE_S_MAX", 0.05)
    feed = house.feed()
    told: list[str] = []
    async with asyncio.timeout(PATIENCE_S), aclosing(feed.watch((SYMBOL,))) as seen:  # type: ignore[type-var]
        async for one in seen:
            if isinstance(one, BookTop):
                told.append(f"top {one.bids[0].price}")
            if isinstance(one, FeedStatus) and one.state is not FeedState.LIVE:
                told.append(one.state.value)
            if told.count("top 9") == 2:
                break
    await feed.close()
    changes = [one for one, after in pairwise([*told, ""]) if one != after]
    assert changes[changes.index("top 9") :] == ["top 9", "top 10", "gap", "down", "top 9"]
