"""API keys with a passphrase and a signature in base64 (HMAC-SHA256), as several venues have them."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec

from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.dialect import ApiKey


class KeyRefusals(msgspec.Struct, frozen=True, kw_only=True):
    """Code and text of what is wrong with a key, in the words of a venue, and their HTTP status."""

    no_key: tuple[int, str]
    bad_key: tuple[int, str]
    bad_passphrase: tuple[int, str]
    bad_signature: tuple[int, str]
    status: int


class PassphraseKeyring:
    """The API keys of all accounts; failures are `VenueError`."""

    def __init__(self, keys: Mapping[str, ApiKey], refusals: KeyRefusals) -> None:
        self._keys = {key.api_key: (account, key) for account, key in keys.items()}
        self._refusals = refusals

    def account(self, api_key: str) -> str:
        """Whose key this is."""
        if not api_key:
            raise self._refused(self._refusals.no_key)
        if api_key not in self._keys:
            raise self._refused(self._refusals.bad_key)
        return self._keys[api_key][0]

    def verify(self, api_key: str, passphrase: str, payload: str, signature: str) -> None:
        """Check passphrase and signature of a payload."""
        _, key = self._keys[api_key]
        if not hmac.compare_digest(key.passphrase, passphrase):
            raise self._refused(self._refusals.bad_passphrase)
        expected = hmac.new(key.secret.encode(), payload.encode(), hashlib.sha256).digest()
        try:
            given = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            given = b""
        if not hmac.compare_digest(expected, given):
            raise self._refused(self._refusals.bad_signature)

    def _refused(self, why: tuple[int, str]) -> VenueError:
        return VenueError(*why, self._refusals.status)
