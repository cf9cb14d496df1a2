"""`opensqt keys`: who may call this desk over HTTP, NATS and gRPC. A key is shown once; only its hash is kept."""

import argparse
import json
import os
import secrets
from pathlib import Path

from opensqt.api.answering import OWNER
from opensqt.api.call import KeyScope
from opensqt.api.key_file import BadKeyFile, key_file_of, read_keys, write_keys
from opensqt.api.keys import (
    CALLS_PER_S,
    ID_BYTES,
    SECRET_BYTES,
    CallKey,
    hashed,
    replaced,
    written,
)
from opensqt.cli import table
from opensqt.desk.error import GOOD, CliError
from opensqt.desk.timestamps import rfc3339
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.clock import RunClock

HOUR_MS = 3_600_000
OVERLAP_HOURS = 24
COLUMNS = ("name", "key_id", "scope", "calls_per_s", "made_at", "ends_at")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `keys`."""
    parser.add_argument(
        "action",
        choices=("add", "list", "rotate", "revoke"),
        help="add: a new key; rotate: a newer one of the same name, the old one goes on for a while;"
        " revoke: all keys of a name end now",
    )
    parser.add_argument("name", nargs="?", default="", help="whose key it is, for the record")
    parser.add_argument(
        "--scope",
        choices=tuple(KeyScope),
        default=KeyScope.READ,
        help="read: look; trade: stop trading, too; admin: change limits and let trading go on, too",
    )
    parser.add_argument(
        "--calls-per-s", type=int, default=CALLS_PER_S, help=f"most (default {CALLS_PER_S})"
    )
    parser.add_argument(
        "--overlap-hours",
        type=int,
        default=OVERLAP_HOURS,
        help=f"how long a rotated key goes on (default {OVERLAP_HOURS})",
    )


def run(args: argparse.Namespace) -> int:
    """Show or change the keys; the gateway obeys the file at once. Raises `CliError`."""
    path = key_file_of(os.environ, args.data)
    if path is None or not path.parent.is_dir():
        raise CliError(f"{args.data} holds no desk: name the right one with --data")
    try:
        keys = read_keys(path)
    except BadKeyFile as error:
        raise CliError(str(error)) from error
    if args.action == "list":
        _list(args, keys)
        return GOOD
    name = cleaned(args.name)
    if not name or name == OWNER:
        raise CliError(
            f"expected `opensqt keys {args.action} NAME`, and not {OWNER}: he has the token"
        )
    if args.action == "revoke":
        _revoke(path, keys, name)
        return GOOD
    _issue(args, path, keys, name)
    return GOOD


def _list(args: argparse.Namespace, keys: tuple[CallKey, ...]) -> None:
    rows = [
        {
            "name": key.name,
            "key_id": key.key_id,
            "scope": key.scope.value,
            "calls_per_s": key.calls_per_s,
            "made_at": rfc3339(key.made_ms),
            "ends_at": rfc3339(key.ends_ms) if key.ends_ms else "",
        }
        for key in keys
    ]
    if args.json:
        table.as_json(rows)
    else:
        table.as_text(COLUMNS, rows, "no keys yet: `opensqt keys add NAME`")


def _revoke(path: Path, keys: tuple[CallKey, ...], name: str) -> None:
    left = tuple(key for key in keys if key.name != name)
    if len(left) == len(keys):
        names = ", ".join(sorted({key.name for key in keys})) or "none"
        raise CliError(f"no key of the name {name!r} (there are: {names})")
    write_keys(path, left)
    print(f"revoked {len(keys) - len(left)} key(s) of {name}")


def _issue(args: argparse.Namespace, path: Path, keys: tuple[CallKey, ...], name: str) -> None:
    older = [key for key in keys if key.name == name]
    if args.action == "add" and older:
        raise CliError(f"there is a key of the name {name!r}: rotate or revoke it")
    if args.action == "rotate" and not older:
        raise CliError(f"no key of the name {name!r}: `opensqt keys add {name}`")
    if args.calls_per_s < 1 or args.overlap_hours < 0:
        raise CliError("--calls-per-s must be 1 or more, --overlap-hours 0 or more")
    now_ms = RunClock().wall_ms()
    secret = secrets.token_urlsafe(SECRET_BYTES)
    fresh = CallKey(
        key_id=secrets.token_hex(ID_BYTES),
        name=name,
        scope=older[-1].scope if older else KeyScope(args.scope),
        sha256=hashed(secret),
        made_ms=now_ms,
        calls_per_s=older[-1].calls_per_s if older else args.calls_per_s,
    )
    write_keys(path, replaced(keys, fresh, now_ms + args.overlap_hours * HOUR_MS))
    said = {"type": "key", "name": name, "scope": fresh.scope.value, "key_id": fresh.key_id}
    if args.json:
        print(json.dumps(said | {"key": written(fresh.key_id, secret)}))
        return
    print(f"key of {name}, scope {fresh.scope.value}; it is shown this once:")
    print(written(fresh.key_id, secret))
