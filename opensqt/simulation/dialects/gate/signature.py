"""Keys, HMAC-SHA512 signatures and times of Gate, of requests and of each subscription; it refuses in its words."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import unquote

from opensqt.simulation.dialects.gate.errors import fault
from opensqt.simulation.server.call import HttpRequest
from opensqt.simulation.server.dialect import ApiKey

TIME_MS_MAX = 60_000
SECONDS = re.compile(r"\d{1,12}(\.\d{1,9})?")  # the SDK sends parts of them, too
KEY, STAMP, SIGN, DEADLINE = "KEY", "Timestamp", "SIGN", "x-gate-exptime"
BAD_KEY = ("INVALID_KEY", "Invalid key provided", 401)
BAD_SIGN = ("INVALID_SIGNATURE", "Signature mismatch", 401)
EXPIRED = ("REQUEST_EXPIRED", "gap between request Timestamp and server time exceeds 60", 403)
LATE = ("REQUEST_EXPIRED", "the request reached the server after x-gate-exptime", 400)


class GateKeyring:
    """The API keys of all accounts."""

    def __init__(self, keys: Mapping[str, ApiKey]) -> None:
        self._secrets = {
            key.api_key: (account, key.secret.encode()) for account, key in keys.items()
        }

    def account(self, api_key: str) -> str:
        """Whose key this is; raise `VenueError`."""
        if api_key not in self._secrets:
            raise fault(*BAD_KEY)
        return self._secrets[api_key][0]

    def verify(self, request: HttpRequest, now_ms: int) -> None:
        """Check time, deadline and signature of a request; raise `VenueError`."""
        stamp, deadline = request.headers.get(STAMP, ""), request.headers.get(DEADLINE, "")
        if SECONDS.fullmatch(stamp) is None:
            raise fault("MISSING_REQUIRED_HEADER", "Missing required header: Timestamp", 401)
        check_time(int(Decimal(stamp) * 1000), now_ms)
        if deadline:
            check_deadline(int(deadline) if deadline.isdecimal() else 0, now_ms)
        parts = (
            request.method,
            request.path,
            unquote(request.query),
            hashlib.sha512(request.body.encode()).hexdigest(),
            stamp,
        )
        self.compare(request.headers.get(KEY, ""), "\n".join(parts), request.headers.get(SIGN, ""))

    def compare(self, api_key: str, payload: str, signature: str) -> None:
        """Check the signature of a payload; raise `VenueError`."""
        _, secret = self._secrets[api_key]
        expected = hmac.new(secret, payload.encode(), hashlib.sha512).hexdigest()
        if not hmac.compare_digest(expected, signature):
            raise fault(*BAD_SIGN)


def check_time(signed_ms: int, now_ms: int) -> None:
    """Refuse what was signed more than a minute from now (market ms), before or after."""
    if abs(now_ms - signed_ms) > TIME_MS_MAX:
        raise fault(*EXPIRED)


def check_deadline(deadline_ms: int, now_ms: int) -> None:
    """Refuse what arrives behind its deadline (market ms)."""
    if now_ms > deadline_ms:
        raise fault(*LATE)


def check_window(signed_ms: int, window_ms: int, now_ms: int) -> None:
    """Refuse an order that was signed too far from now, or arrives when its window is over."""
    check_time(signed_ms // 1000 * 1000, now_ms)
    check_deadline(signed_ms + window_ms, now_ms)
