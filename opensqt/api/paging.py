"""Pages of what only grows at its end: a cursor names the last row that was shown, so new rows move no page. Pure."""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from itertools import dropwhile, islice
from typing import TypeVar

import msgspec

from opensqt.api.codes import CallRefused, Code

_Key = TypeVar("_Key", str, tuple[str, ...])
_Row = TypeVar("_Row")


def paged(
    rows: Mapping[_Key, _Row], wanted: Callable[[_Row], bool], cursor: str, limit: int
) -> tuple[list[_Key], str]:
    """Return the keys of a page, and the cursor of the next one, empty behind the last; raise `CallRefused`."""
    found = list(islice(_wanted(rows, wanted, cursor), limit + 1))
    more = len(found) > limit
    return found[:limit], _cursor(found[limit - 1]) if more else ""


def _wanted(
    rows: Mapping[_Key, _Row], wanted: Callable[[_Row], bool], cursor: str
) -> Iterable[_Key]:
    keys: Iterable[_Key] = rows
    if cursor:
        last = _read(cursor)
        if last not in rows:
            raise CallRefused(Code.INVALID, f"cursor {cursor!r} is not of this call: leave it out")
        keys = dropwhile(lambda key: key != last, rows)
        next(iter(keys))
    return (key for key in keys if wanted(rows[key]))


def _cursor(key: str | tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode().rstrip("=")


def _read(cursor: str) -> str | tuple[str, ...]:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        key = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=str | list[str])
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise CallRefused(
            Code.INVALID, f"cursor {cursor[:40]!r} is none: take next_cursor of an answer"
        ) from None
    return key if isinstance(key, str) else tuple(key)
