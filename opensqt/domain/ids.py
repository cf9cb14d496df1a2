"""Identities are computed from their cause, never drawn, so that every retry and restart finds the same one."""

import hashlib
import re
import uuid

# Namespace of all event ids of this platform; a constant, so that ids are the same on every machine.
EVENTS = uuid.UUID("6f0a4f0e-5f6b-5d7e-9a0c-0d9a2a6f7b11")

# Digits and letters without look-alikes (Crockford), lower case.
_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"

CLIENT_ORDER_ID_PREFIX = "q"
CLIENT_ORDER_ID = re.compile(r"q[0-9a-hjkmnp-tv-z]{26}")


def event_id(*cause: str | int) -> str:
    """Return the id of the event that this cause, and only this cause, makes."""
    # uuid.uuid5(EVENTS, ...) without the objects in between: every event of every process is named here.
    text = hashlib.sha1(EVENTS.bytes + _joined(cause).encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(text[16], 16) & 3]
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def intent_id(*, strategy: str, slot: str, cycle: int, action: str) -> str:
    """Return the id of the `action` (place, cancel) that a strategy wishes for a slot in a cycle."""
    return _digest("intent", strategy, slot, cycle, action)


def client_order_id(
    *, generation: str, account: str, strategy: str, slot: str, cycle: int, attempt: int
) -> str:
    """Return 27 characters of `[0-9a-z]` starting with `q`, the same for the same arguments only.

    Fits all five venues: Gate allows 28 bytes after `t-`, OKX no punctuation (venue docs, 2026).
    """
    return CLIENT_ORDER_ID_PREFIX + _digest(
        "order", generation, account, strategy, slot, cycle, attempt
    )


def is_ours(candidate: str) -> bool:
    """Tell whether a client order id has the shape of ours."""
    return CLIENT_ORDER_ID.fullmatch(candidate) is not None


def _joined(parts: tuple[str | int, ...]) -> str:
    # Length prefixes keep ("ab", "c") and ("a", "bc") apart.
    return "|".join([f"{len(text)}:{text}" for text in map(str, parts)])


def _digest(*parts: str | int) -> str:
    number = int.from_bytes(hashlib.blake2b(_joined(parts).encode(), digest_size=16).digest())
    letters = []
    for _ in range(26):
        number, index = divmod(number, 32)
        letters.append(_BASE32[index])
    return "".join(letters)
