"""Where a desk is reached that has no folder on this machine: its bus, its journal, or both. Opens nothing.

Given by `--nats` and `--dsn`, by a context file, or by the environment of a pod. Each may be `env:NAME` or `file:PATH`,
so that no password stands in the arguments of a process.
"""

import tomllib
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import msgspec

from opensqt.desk.error import CliError
from opensqt.runtime.access.credentials import (
    CREDENTIALS,
    BadCredentials,
    ServerCredentials,
    read_credentials,
    without_user,
)
from opensqt.runtime.clock import RUN_FILE
from opensqt.runtime.config.all import ConfigError, secret
from opensqt.runtime.token import token_file_of, token_in

NATS, DSN, CONTEXT = "OPENSQT_NATS_URL", "OPENSQT_POSTGRES_DSN", "OPENSQT_CONTEXT"
REFERENCES = ("env:", "file:")


class ContextFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A context file: the addresses of one desk, who we are there, and the file of its token."""

    nats: str = ""
    dsn: str = ""
    credentials: str = ""
    token_file: str = ""


class DeskAddress(msgspec.Struct, frozen=True, kw_only=True):
    """The servers of a desk; an empty text is one that is not known. Its text shows no password."""

    nats_url: str = ""
    dsn: str = ""
    token: str = ""

    def __str__(self) -> str:
        return " and ".join(filter(None, map(without_user, (self.nats_url, self.dsn))))

    __repr__ = __str__

    @classmethod
    def read(cls, context: ContextFile, environ: Mapping[str, str], token: str) -> Self:
        """Fetch what a context refers to; raise `CliError` naming the field that cannot be fetched."""
        file = context.credentials
        try:
            who = read_credentials(Path(file)) if file else ServerCredentials()
        except BadCredentials as error:
            raise CliError(str(error)) from None
        return cls(
            nats_url=who.nats_url(_fetched("nats", context.nats, environ)),
            dsn=who.postgres_dsn(_fetched("dsn", context.dsn, environ)),
            token=token_in(Path(context.token_file)) if context.token_file else token,
        )


Place = Path | DeskAddress


def place_of(args: Namespace, environ: Mapping[str, str], folder: Path) -> Place:
    """Return where the desk of a command is; raise `CliError` for a context that cannot be read.

    What is said in the command comes first, then a folder that holds a run, then the environment: `folder` is the one
    that is meant when `--data` says nothing.
    """
    data = args.data or folder
    token = token_in(token_file_of(environ, data))
    if args.nats or args.dsn:
        said = ContextFile(nats=args.nats, dsn=args.dsn)
    elif args.context is not None:
        said = _context(args.context)
    elif args.data is not None or (folder / RUN_FILE).exists():
        return data
    elif environ.get(CONTEXT):
        said = _context(Path(environ[CONTEXT]))
    elif environ.get(NATS) or environ.get(DSN):
        who = environ.get(CREDENTIALS, "")
        said = ContextFile(nats=environ.get(NATS, ""), dsn=environ.get(DSN, ""), credentials=who)
    else:
        return data
    found = DeskAddress.read(said, environ, token)
    if not found.nats_url and not found.dsn:
        raise CliError("the context names neither nats nor dsn: one of them is needed")
    return found


def _context(path: Path) -> ContextFile:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), ContextFile)
    except (OSError, ValueError, msgspec.ValidationError) as error:
        raise CliError(
            f"--context {path}: {error}; expected a file with nats, dsn, credentials and token_file"
        ) from error


def _fetched(field: str, said: str, environ: Mapping[str, str]) -> str:
    if not said.startswith(REFERENCES):
        return said
    try:
        return secret(said, environ).strip()
    except ConfigError as error:
        raise CliError(f"{field}: {error}") from error
