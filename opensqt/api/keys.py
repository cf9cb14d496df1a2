"""API keys: what is kept of them, whose one is, and how one follows another. Pure: secrets and times come in.

A key is `ID.SECRET`. Its secret has 256 random bits, so a plain hash keeps it: nobody guesses what a hash is of.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256

import msgspec

from opensqt.api.call import KeyScope

SECRET_BYTES = 32
ID_BYTES = 6
CALLS_PER_S = 50
BURST_S = 2  # a key that was silent may make the calls of so many seconds at once
_NOTHING = "0" * 64


class CallKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the desk keeps of a key: nothing that lets anybody call."""

    key_id: str
    name: str
    scope: KeyScope
    sha256: str
    made_ms: int  # wall
    calls_per_s: int = CALLS_PER_S
    ends_ms: int = 0  # wall; 0: it does not end by itself

    def has_ended(self, now_ms: int) -> bool:
        """Tell whether it is over."""
        return 0 < self.ends_ms <= now_ms


def written(key_id: str, secret: str) -> str:
    """Return a key as its owner says it."""
    return f"{key_id}.{secret}"


def hashed(secret: str) -> str:
    """Return what is kept of a secret."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def key_of(keys: Iterable[CallKey], said: str, now_ms: int) -> CallKey | None:
    """Return the key that was said, compared in constant time; None where it is none of ours, or over."""
    key_id, _, secret = said.partition(".")
    found = next((key for key in keys if key.key_id == key_id), None)
    is_right = hmac.compare_digest(hashed(secret), found.sha256 if found is not None else _NOTHING)
    return found if found is not None and is_right and not found.has_ended(now_ms) else None


def replaced(keys: Iterable[CallKey], newer: CallKey, until_ms: int) -> tuple[CallKey, ...]:
    """Return the keys with a newer one of the same name; the older ones go on until a wall time."""
    older = (
        msgspec.structs.replace(key, ends_ms=min(key.ends_ms or until_ms, until_ms))
        if key.name == newer.name
        else key
        for key in keys
    )
    return (*older, newer)


class CallBudget:
    """How many calls a key may make now: so many a second, and a burst after silence."""

    def __init__(self, calls_per_s: int, now_s: float) -> None:
        self._calls_per_s = calls_per_s
        self._left = float(calls_per_s * BURST_S)
        self._seen_s = now_s

    def take(self, now_s: float) -> float:
        """Take one; return 0, or the seconds until there is one."""
        grown = self._left + (now_s - self._seen_s) * self._calls_per_s
        self._left, self._seen_s = min(grown, float(self._calls_per_s * BURST_S)), now_s
        if self._left < 1:
            return (1 - self._left) / self._calls_per_s
        self._left -= 1
        return 0.0
