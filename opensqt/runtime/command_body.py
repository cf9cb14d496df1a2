"""The words of a command as they come over HTTP: a JSON object in whatever bytes. Raises nothing but `BadCommand`.

Bytes that are no UTF-8 are replaced, since nothing that is said may stop a kill; what is no JSON object is refused.
"""

import json
from typing import Any

BYTES_MAX = 16 * 1024 * 1024  # read only after the token was right


class BadCommand(ValueError):
    """A body that asks for nothing; its text says what was expected."""


def words_of(body: bytes, charset: str = "utf-8") -> dict[str, Any]:
    """Return the words of a body; an empty one has none. Raises `BadCommand`."""
    try:
        text = body.decode(charset, "replace")
    except (LookupError, ValueError):
        raise BadCommand("the charset of the body is unknown: send UTF-8") from None
    try:
        words = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise BadCommand("the body must be a JSON object") from None
    if not isinstance(words, dict):
        raise BadCommand("the body must be a JSON object")
    return words
