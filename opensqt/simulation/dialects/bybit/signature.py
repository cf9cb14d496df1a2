"""Who sent a request and whether it may still be served: key, HMAC-SHA256 signature, receive window in market time."""

import hashlib
import hmac
from collections.abc import Mapping

from opensqt.simulation.dialects.bybit.errors import BAD_KEY, BAD_SIGN, BAD_TIME, fault, wrong
from opensqt.simulation.server.call import HttpRequest
from opensqt.simulation.server.dialect import ApiKey

KEY, SIGN = "X-BAPI-API-KEY", "X-BAPI-SIGN"
STAMP, WINDOW = "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW"
WINDOW_DEFAULT_MS = 5_000
AHEAD_MAX_MS = 1_000
LOGIN = "GET/realtime"


class BybitKeyring:
    """The API keys of all accounts."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._secrets = {
            key.api_key: (account, key.secret.encode()) for account, key in keys.items()
        }

    def account(self, api_key: str) -> str:
        """Whose key this is; raise `VenueError` 10003."""
        if api_key not in self._secrets:
            raise fault(*BAD_KEY)
        return self._secrets[api_key][0]

    def verify(self, request: HttpRequest) -> None:
        """Check what was signed: time, key, window, and the query or the body; raise `VenueError` 10004."""
        headers = request.headers
        told = request.body if request.method == "POST" else request.query
        window = headers.get(WINDOW, "")
        payload = f"{headers.get(STAMP, '')}{headers.get(KEY, '')}{window}{told}"
        self._compare(headers.get(KEY, ""), payload, headers.get(SIGN, ""))

    def login(self, api_key: str, expires_ms: str, signature: str, now_ms: int) -> str:
        """Whose login on a socket this is; raise `VenueError`."""
        account = self.account(api_key)
        if not expires_ms.isdecimal() or int(expires_ms) <= now_ms:
            raise fault(*BAD_TIME)
        self._compare(api_key, f"{LOGIN}{expires_ms}", signature)
        return account

    def _compare(self, api_key: str, payload: str, signature: str) -> None:
        _, secret = self._secrets[api_key]
        expected = hmac.new(secret, payload.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise fault(*BAD_SIGN)


def check_time(headers: Mapping[str, str], now_ms: int) -> None:
    """Apply the rule of the door to a request's headers; raise `VenueError`."""
    stamp, window = headers.get(STAMP, ""), headers.get(WINDOW, "")
    if not stamp.isdecimal():
        raise wrong(STAMP)
    check_window(int(stamp), int(window) if window.isdecimal() else WINDOW_DEFAULT_MS, now_ms)


def check_window(signed_ms: int, window_ms: int, now_ms: int) -> None:
    """Refuse what was signed too far ahead, or arrives when its window is over (market ms)."""
    if signed_ms >= now_ms + AHEAD_MAX_MS or now_ms - signed_ms > window_ms:
        raise fault(*BAD_TIME)
