"""Keys, passphrases, signatures and times of OKX; failures are refused in its words."""

from datetime import UTC, datetime

from opensqt.simulation.server.call import HttpRequest, VenueError
from opensqt.simulation.server.passphrase_keys import KeyRefusals, PassphraseKeyring

TIME_MS_MAX = 30_000
LOGIN_PATH = "/users/self/verify"
NO_KEY = (50103, "Request header OK-ACCESS-KEY can not be empty.")
BAD_KEY = (50111, "Invalid OK-ACCESS-KEY.")
BAD_PASSPHRASE = (50105, "Request header OK-ACCESS-PASSPHRASE incorrect.")
BAD_SIGNATURE = (50113, "Invalid Sign")
BAD_TIME = (50112, "Invalid OK-ACCESS-TIMESTAMP")
EXPIRED = (50102, "Timestamp request expired")
LATE = (
    50036,
    "The expTime can't be earlier than the current system time. Please adjust the expTime.",
)
BAD_DEADLINE = (50037, "The expTime is not in the right format.")


REFUSALS = KeyRefusals(
    no_key=NO_KEY,
    bad_key=BAD_KEY,
    bad_passphrase=BAD_PASSPHRASE,
    bad_signature=BAD_SIGNATURE,
    status=401,
)


def check_request(keyring: PassphraseKeyring, request: HttpRequest, now_ms: int) -> None:
    """Check time, deadline and signature of a request; raise `VenueError`."""
    headers = request.headers
    stamp = headers.get("OK-ACCESS-TIMESTAMP", "")
    check_time(_moment(stamp), now_ms)
    deadline = headers.get("expTime", "")
    if deadline:
        if not deadline.isdigit():
            raise VenueError(*BAD_DEADLINE, 400)
        check_deadline(int(deadline), now_ms)
    query = f"?{request.query}" if request.query else ""
    keyring.verify(
        headers.get("OK-ACCESS-KEY", ""),
        headers.get("OK-ACCESS-PASSPHRASE", ""),
        f"{stamp}{request.method}{request.path}{query}{request.body}",
        headers.get("OK-ACCESS-SIGN", ""),
    )


def check_time(signed_ms: int, now_ms: int) -> None:
    """Refuse what was signed more than half a minute from now (market ms), before or after."""
    if abs(now_ms - signed_ms) > TIME_MS_MAX:
        raise VenueError(*EXPIRED, 401)


def check_deadline(deadline_ms: int, now_ms: int) -> None:
    """Refuse what arrives behind its deadline (market ms)."""
    if now_ms > deadline_ms:
        raise VenueError(*LATE, 400)


def check_window(signed_ms: int, window_ms: int, now_ms: int) -> None:
    """Refuse an order that was signed too far from now, or arrives when its window is over."""
    check_time(signed_ms, now_ms)
    check_deadline(signed_ms + window_ms, now_ms)


def _moment(stamp: str) -> int:
    try:
        moment = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise VenueError(*BAD_TIME, 401) from error
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
