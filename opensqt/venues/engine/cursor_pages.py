"""Lists that come newest first and go on by a cursor, read to their end; pure."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from opensqt.venues.engine.instrument import Symbols
from opensqt.venues.engine.request import Page, Query, RestRequest

Row = TypeVar("Row")


class CursorPage(msgspec.Struct, frozen=True):
    """A page of a list as it came, and the cursor of what is older; empty at the end."""

    rows: Sequence[bytes]
    cursor: str


def nothing_beyond(_: bytes) -> None:
    """Tell that a list is all there is."""


def newest_first(
    request: RestRequest,
    told: Callable[[bytes], CursorPage],
    read: Callable[[Sequence[bytes], Symbols], Sequence[Row]],
    page: int,
    beyond: Callable[[bytes], Query[Page[Row]] | None] = nothing_beyond,
) -> Query[Page[Row]]:
    """Read a list to its end, `page` rows at a time, then what lies beyond its span, by its last answer."""

    def read_page(raw: bytes, symbols: Symbols) -> Page[Row]:
        found = told(raw)
        rows = read(found.rows, symbols)
        if len(found.rows) < page or not found.cursor:
            return Page(rows=rows, newest_first=True, following=beyond(raw))
        params = {**request.params, "cursor": found.cursor}
        following = msgspec.structs.replace(request, params=params)
        more = newest_first(following, told, read, page, beyond)
        return Page(rows=rows, newest_first=True, following=more)

    return Query(request=request, read=read_page)
