"""USDⓈ-M listen keys: one per account, alive for 60 minutes of wall time after the last extension."""

import hashlib

import msgspec

from opensqt.simulation.dialects.binance.errors import NO_LISTEN_KEY
from opensqt.simulation.server.call import VenueError

LIFE_MS = 3_600_000


class ListenKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, whose it is and until when (wall ms)."""

    key: str
    account: str
    until_ms: int


class ListenKeys:
    """All listen keys; the state is saved by whoever commits the venue."""

    def __init__(self, state: bytes | None) -> None:
        known = msgspec.json.decode(state, type=list[ListenKey]) if state else []
        self._keys = {key.account: key for key in known}

    def state(self) -> bytes:
        """What has to be kept over a restart."""
        return msgspec.json.encode(list(self._keys.values()))

    def open(self, account: str, wall_ms: int) -> str:
        """Return the account's key, extended, or a new one."""
        known = self._keys.get(account)
        if known is None or known.until_ms < wall_ms:
            token = hashlib.sha256(f"{account}:{wall_ms}".encode()).hexdigest()
            known = ListenKey(key=token, account=account, until_ms=0)
        self._keys[account] = msgspec.structs.replace(known, until_ms=wall_ms + LIFE_MS)
        return known.key

    def extend(self, account: str, wall_ms: int) -> None:
        """Extend the account's key; raise `VenueError` -1125 where there is none."""
        known = self._keys.get(account)
        if known is None or known.until_ms < wall_ms:
            raise VenueError(*NO_LISTEN_KEY)
        self._keys[account] = msgspec.structs.replace(known, until_ms=wall_ms + LIFE_MS)

    def close(self, account: str) -> None:
        """Forget the account's key."""
        self._keys.pop(account, None)

    def account(self, key: str, wall_ms: int) -> str | None:
        """Whose key this is, or None when it is unknown or expired."""
        for known in self._keys.values():
            if known.key == key and known.until_ms >= wall_ms:
                return known.account
        return None

    def expired(self, wall_ms: int) -> list[ListenKey]:
        """Take out the keys whose time is over."""
        over = [key for key in self._keys.values() if key.until_ms < wall_ms]
        for key in over:
            del self._keys[key.account]
        return over
