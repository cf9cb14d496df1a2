"""Signatures and times of Bitget; failures are refused in its words."""

from urllib.parse import unquote

from opensqt.simulation.dialects.bitget.errors import BAD_TIME, EXPIRED
from opensqt.simulation.server.call import HttpRequest, VenueError
from opensqt.simulation.server.passphrase_keys import PassphraseKeyring

KEY, SIGN, STAMP, PASSPHRASE = (
    "ACCESS-KEY",
    "ACCESS-SIGN",
    "ACCESS-TIMESTAMP",
    "ACCESS-PASSPHRASE",
)
TIME_MS_MAX = 30_000
LOGIN = "GET/user/verify"
MS_PER_S, SECONDS_DIGITS = 1000, 10


def check_request(keyring: PassphraseKeyring, request: HttpRequest, now_ms: int) -> None:
    """Check time and signature of a request: what is signed is not percent-encoded; raise `VenueError`."""
    headers = request.headers
    stamp = headers.get(STAMP, "")
    if not stamp.isdecimal():
        raise VenueError(*BAD_TIME)
    check_time(int(stamp), now_ms)
    query = f"?{unquote(request.query)}" if request.query else ""
    payload = f"{stamp}{request.method}{request.path}{query}{request.body}"
    key, passphrase = headers.get(KEY, ""), headers.get(PASSPHRASE, "")
    keyring.verify(key, passphrase, payload, headers.get(SIGN, ""))


def check_time(signed_ms: int, now_ms: int) -> None:
    """Refuse what was signed more than half a minute from now (market ms), before or after."""
    if abs(now_ms - signed_ms) > TIME_MS_MAX:
        raise VenueError(*EXPIRED)


def check_window(signed_ms: int, window_ms: int, now_ms: int) -> None:
    """Refuse an order that was signed too far from now; it has no window of its own."""
    del window_ms
    check_time(signed_ms, now_ms)


def login(keyring: PassphraseKeyring, told: dict[str, str], now_ms: int) -> str:
    """Whose login on a socket this is; its time is in seconds or in ms. Raises `VenueError`."""
    stamp, key = told.get("timestamp", ""), told.get("apiKey", "")
    account = keyring.account(key)
    if not stamp.isdecimal():
        raise VenueError(*BAD_TIME)
    check_time(int(stamp) * (MS_PER_S if len(stamp) <= SECONDS_DIGITS else 1), now_ms)
    keyring.verify(key, told.get("passphrase", ""), f"{stamp}{LOGIN}", told.get("sign", ""))
    return account
