"""The envelope of every answer, and pages of lists that come newest first. Shapes only."""

from collections.abc import Callable, Sequence

import msgspec

from opensqt.simulation.dialects.bybit.listing import CATEGORIES
from opensqt.simulation.dialects.bybit.parameters import integer
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Handler, VenueContext

Json = dict[str, object]


class Told(msgspec.Struct, frozen=True):
    """What an endpoint answers; `rows` is the second list of a batch."""

    result: object
    rows: Sequence[Json] = ()


def enveloped(endpoint: Callable[[VenueContext, ApiCall], Told | Json]) -> Handler:
    """Let an endpoint answer as all do."""

    def answer(context: VenueContext, call: ApiCall) -> object:
        told = endpoint(context, call)
        result = told.result if isinstance(told, Told) else told
        rows = told.rows if isinstance(told, Told) else ()
        return {
            "retCode": 0,
            "retMsg": "OK",
            "result": result,
            "retExtInfo": {"list": list(rows)} if rows else {},
            "time": context.now_ms() + call.skew_ms,
        }

    return answer


def page(call: ApiCall, newest_first: Sequence[Json], *, usual: int, most: int) -> Json:
    """One page of a list: the cursor is the place at which the next one begins."""
    start, limit = integer(call, "cursor", 0), min(integer(call, "limit", usual), most)
    rows = newest_first[start : start + limit]
    more = start + limit < len(newest_first)
    return {
        "category": CATEGORIES[call.market],
        "list": list(rows),
        "nextPageCursor": str(start + limit) if more else "",
    }
