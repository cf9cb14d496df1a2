"""What `up` (or a pod) tells a process through its environment. Never holds a key longer than its reader needs it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import msgspec

from opensqt.runtime.access.credentials import (
    CREDENTIALS,
    BadCredentials,
    ServerCredentials,
    read_credentials,
)
from opensqt.runtime.config.all import ConfigError
from opensqt.runtime.crash_points import CRASH_AT, PAUSE_AT
from opensqt.runtime.http_hosts import HOSTS, names_of
from opensqt.runtime.telemetry.logs import register_secret
from opensqt.runtime.token import token_file_of

PAPER_KEYS_FILE = "OPENSQT_PAPER_KEYS"  # names a file: a pod's keys lie in no data folder
KEYS_FILE = Path("venue") / "keys.json"
APPROVAL_KEY_FILE = Path("risk") / "approval.pem"  # risk alone reads it
APPROVAL_KEYS_FOLDER = Path("approval-keys")  # public halves, one file a key
SEAL_KEYS = "OPENSQT_SEAL_KEYS"
LEASE_MS = 3000
LEASE_MS_MIN = 300


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """The API key of one account; its repr shows nothing."""

    api_key: str
    secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        return "Key(***)"


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses and places of one process; empty text means "not given"."""

    data: Path | None = None
    config: Path | None = None
    nats_url: str = ""  # with user and password, where there are credentials
    postgres_dsn: str = ""
    token_file: Path | None = None  # of the desk: who holds it may resume
    paper_venue: str = ""  # HOST:PORT of the venue process, TLS
    paper_ca: Path | None = None
    paper_keys_file: Path | None = None  # of the paper accounts; None: in the data folder
    health_host: str = "127.0.0.1"
    health_port: int = 0  # 0 = no health server
    hosts: frozenset[str] = (
        frozenset()
    )  # names by which this process may be asked, beside addresses
    approval_key: Path | None = None  # of risk, private
    approval_keys: Path | None = None  # the folder with the public halves
    crash_at: str = ""
    pause_at: str = ""
    seal_keys: Path | None = None  # the folder of the keys that seal the journal
    lease_ms: int = LEASE_MS  # shorter in tests only; the same for every process of a desk

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables that start with OPENSQT_; raise `ConfigError` naming the one that is wrong."""
        port = environ.get("OPENSQT_HEALTH_PORT") or "0"
        if not port.isdecimal() or int(port) > 65535:
            raise ConfigError(f"OPENSQT_HEALTH_PORT is {port!r}, expected 0 to 65535 (0 = none)")
        lease = environ.get("OPENSQT_LEASE_MS") or str(LEASE_MS)
        if not lease.isdecimal() or int(lease) < LEASE_MS_MIN:
            least = f"expected ms, at least {LEASE_MS_MIN}; leave it unset outside tests"
            raise ConfigError(f"OPENSQT_LEASE_MS is {lease!r}, {least}")
        known = _credentials(environ)
        nats_url = known.nats_url(environ.get("OPENSQT_NATS_URL", ""))
        postgres_dsn = known.postgres_dsn(environ.get("OPENSQT_POSTGRES_DSN", ""))
        _hide_password(nats_url)
        _hide_password(postgres_dsn)
        data = _path(environ, "OPENSQT_DATA")
        return cls(
            data=data,
            config=_path(environ, "OPENSQT_CONFIG"),
            nats_url=nats_url,
            postgres_dsn=postgres_dsn,
            token_file=token_file_of(environ, _path(environ, "OPENSQT_DATA")),
            paper_venue=environ.get("OPENSQT_PAPER_VENUE", ""),
            paper_ca=_path(environ, "OPENSQT_PAPER_CA"),
            paper_keys_file=_path(environ, PAPER_KEYS_FILE),
            health_host=environ.get("OPENSQT_HEALTH_HOST") or "127.0.0.1",
            health_port=int(port),
            hosts=names_of(environ.get(HOSTS, "")),
            approval_key=_path(environ, "OPENSQT_APPROVAL_KEY") or _in(data, APPROVAL_KEY_FILE),
            approval_keys=_path(environ, "OPENSQT_APPROVAL_KEYS")
            or _in(data, APPROVAL_KEYS_FOLDER),
            crash_at=environ.get(CRASH_AT, ""),
            pause_at=environ.get(PAUSE_AT, ""),
            seal_keys=seal_keys_folder(environ),
            lease_ms=int(lease),
        )

    def paper_keys(self) -> dict[str, Key]:
        """Return the paper accounts' keys, none where there is no data folder; they are redacted from logs."""
        if self.data is None:
            return {}
        try:
            raw = json.loads((self.data / KEYS_FILE).read_bytes())
        except FileNotFoundError:
            return {}
        keys = msgspec.convert(raw, dict[str, Key])
        for key in keys.values():
            register_secret(key.api_key)
            register_secret(key.secret)
            register_secret(key.passphrase)
        return keys


def _credentials(environ: Mapping[str, str]) -> ServerCredentials:
    path = _path(environ, CREDENTIALS)
    try:
        return read_credentials(path) if path is not None else ServerCredentials()
    except BadCredentials as error:
        raise ConfigError(str(error)) from None


def seal_keys_folder(environ: Mapping[str, str]) -> Path | None:
    """Return the folder of the keys that seal: the one that is named, else one beside the user's own configuration."""
    given, home = environ.get(SEAL_KEYS, ""), environ.get("HOME", "")
    own = environ.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else "")
    if given:
        return Path(given)
    return Path(own) / "opensqt" / "seal-keys" if own else None


def _hide_password(address: str) -> None:
    found = urlsplit(address)
    # A NATS token stands where a user's name would: it is a secret when there is no password.
    register_secret(unquote(found.password or (found.username or "") * (found.scheme == "nats")))


def _in(folder: Path | None, name: Path) -> Path | None:
    return folder / name if folder is not None else None


def _path(environ: Mapping[str, str], name: str) -> Path | None:
    text = environ.get(name, "")
    return Path(text) if text else None
