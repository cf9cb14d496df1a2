"""The credentials of one process: a file that only it can read, named by OPENSQT_CREDENTIALS. Never in an address.

Addresses (OPENSQT_NATS_URL, OPENSQT_POSTGRES_DSN) then say where the servers are and nothing else.
"""

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import msgspec

CREDENTIALS = "OPENSQT_CREDENTIALS"
LOGIN_CHARACTERS_MAX = 63  # Postgres cuts longer names without a word
_ODD = re.compile(r"[^A-Za-z0-9_.-]")


class BadCredentials(ValueError):
    """A file that holds no credentials; the text names it and what was expected."""


class ServerCredentials(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who a process is at both servers, as it stands in an address; empty where it is nobody."""

    nats_user: str = ""
    nats_password: str = ""
    postgres_user: str = ""
    postgres_password: str = ""

    def __repr__(self) -> str:
        return "ServerCredentials(***)"

    def nats_url(self, address: str) -> str:
        """Return an address of NATS with user and password."""
        return with_user(address, self.nats_user, self.nats_password)

    def postgres_dsn(self, address: str) -> str:
        """Return an address of Postgres with user and password."""
        return with_user(address, self.postgres_user, self.postgres_password)


def read_credentials(path: Path) -> ServerCredentials:
    """Read a file of credentials; raise `BadCredentials`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ServerCredentials)
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise BadCredentials(
            f"{CREDENTIALS} {path} cannot be read ({why}): expected JSON with nats_user, nats_password,"
            " postgres_user, postgres_password"
        ) from None


def with_user(address: str, user: str, password: str) -> str:
    """Return an address with user and password; one that names a user keeps it."""
    parts = urlsplit(address)
    if not address or not user or "@" in parts.netloc:
        return address
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.netloc}"))


def without_user(address: str) -> str:
    """Return an address without user and password."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def without_password(address: str) -> str:
    """Return an address that names its user at most."""
    parts = urlsplit(address)
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}{at}{place}"))


def login_of(process: str, database: str) -> str:
    """Return the login of a process at one database; logins belong to a whole server, and desks share one."""
    return _ODD.sub("_", f"{process}.{database}")[:LOGIN_CHARACTERS_MAX]
