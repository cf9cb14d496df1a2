"""Who sent a request and whether it may still be served: API key, HMAC-SHA256 signature, recvWindow in market time.

It never logs or keeps a secret beyond the table it was given.
"""

import hashlib
import hmac
from collections.abc import Mapping

from opensqt.simulation.dialects.binance.errors import (
    BAD_KEY,
    BAD_KEY_FORM,
    BAD_SIGNATURE,
    TIME_AHEAD,
    TIME_BEHIND,
    WINDOW_TOO_LONG,
    missing,
)
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.dialect import ApiKey

WINDOW_DEFAULT_MS = 5_000
WINDOW_MAX_MS = 60_000
AHEAD_MAX_MS = 1_000


class Keyring:
    """The API keys of all accounts."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._secrets = {
            key.api_key: (account, key.secret.encode()) for account, key in keys.items()
        }

    def account(self, api_key: str) -> str:
        """Whose key this is; raise `VenueError` -2014 or -2015."""
        if not api_key:
            raise VenueError(*BAD_KEY_FORM, status=401)
        if api_key not in self._secrets:
            raise VenueError(*BAD_KEY, status=401)
        return self._secrets[api_key][0]

    def verify(self, api_key: str, payload: str, signature: str) -> None:
        """Check the signature of a payload; raise `VenueError` -1022."""
        if not signature:
            raise missing("signature")
        _, secret = self._secrets[api_key]
        expected = hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise VenueError(*BAD_SIGNATURE)


def signed_payload(query: str, body: str) -> str:
    """What the client signed: query and body run together, without the signature."""
    return _without_signature(query) + _without_signature(body)


def _without_signature(raw: str) -> str:
    return "&".join(part for part in raw.split("&") if not part.startswith("signature="))


def check_time(params: Mapping[str, str], now_ms: int) -> None:
    """Apply Binance's rule: timestamp < now + 1000 and now - timestamp <= recvWindow (market ms)."""
    stamp, window = params.get("timestamp", ""), params.get("recvWindow", "")
    if not stamp.isdigit():
        raise missing("timestamp")
    window_ms = int(window) if window.isdigit() else WINDOW_DEFAULT_MS
    if window_ms > WINDOW_MAX_MS:
        raise VenueError(*WINDOW_TOO_LONG)
    check_window(int(stamp), window_ms, now_ms)


def check_window(signed_ms: int, window_ms: int, now_ms: int) -> None:
    """Refuse what was signed too far ahead, or arrives when its window, at most the longest there is, is over."""
    if signed_ms >= now_ms + AHEAD_MAX_MS:
        raise VenueError(*TIME_AHEAD)
    if now_ms - signed_ms > min(window_ms, WINDOW_MAX_MS):
        raise VenueError(*TIME_BEHIND)
