"""The words of a command as they come over HTTP: a JSON object in whatever bytes. Raises nothing but `BadCommand`.

Bytes that are no UTF-8 are replaced; what is no JSON object is refused. Only a kill is not, as nothing that is said may
stop one: what cannot be read, or names no scope, kills the whole desk, and its answer says so.
"""

import json
from typing import Any

from opensqt.domain.clean_text import cleaned

KILL = "/kill"
UNCLEAR = "unclear"  # why a kill was taken for one of the desk
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


def words_for(path: str, body: bytes, charset: str = "utf-8") -> dict[str, Any]:
    """Return the words of a body for an action; a kill is never refused, what it says is its reason then."""
    try:
        return words_of(body, charset)
    except BadCommand as error:
        if path != KILL:
            raise
        return {"reason": cleaned(body), UNCLEAR: str(error)}


def unclear(words: dict[str, Any]) -> dict[str, str]:
    """Return what the answer to a kill says beside the rest: nothing where its scope was named."""
    if cleaned(words.get("scope")):
        return {}
    why = cleaned(words.get(UNCLEAR)) or "no scope was named"
    return {UNCLEAR: f"{why}: taken as a kill of the whole desk"}
