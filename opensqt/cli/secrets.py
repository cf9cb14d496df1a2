"""`opensqt secrets`: draw the secrets of a desk that does not run in a folder. Keeps nothing.

For Kubernetes they are a list that `kubectl create` takes: it never replaces a secret that is there, so a second call
changes no password of a database that runs. For Compose each is a file of its own, and one that exists is left alone.
"""

import argparse
import base64
import json
import secrets
import sys
import tempfile
from pathlib import Path

import msgspec

from opensqt.desk.data_folder import TOKEN_BYTES, paper_keys
from opensqt.desk.error import GOOD, CliError
from opensqt.runtime.access.credentials import ServerCredentials
from opensqt.runtime.approval_key import ApprovalKey
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.server import certificate

PUBLIC = "approval-keys"  # the one thing here that is no secret
PRIVATE = "approval.pem"  # which risk does not take from a file that everybody may read

Secrets = dict[str, dict[str, bytes]]  # by secret, then by key


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `secrets`."""
    parser.add_argument("--namespace", default="opensqt-paper", help="of the desk's overlay")
    parser.add_argument("--live", action="store_true", help="without what only paper trading needs")
    parser.add_argument("--account", action="append", help="a paper account (default: main)")
    parser.add_argument("--venue", default="binance", help="whose hosts the paper venue stands for")
    parser.add_argument(
        "--to", type=Path, metavar="FOLDER", help="write files instead, for Compose"
    )


def run(args: argparse.Namespace) -> int:
    """Print the list, or write the files that are not there yet."""
    drawn = _drawn(args)
    if args.to is not None:
        _write(args.to, drawn)
        return GOOD
    if sys.stdout.isatty():
        raise CliError("secrets are not shown on a terminal: pipe them to `kubectl create -f -`")
    items = [_item(args.namespace, name, keys) for name, keys in drawn.items()]
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return GOOD


def _drawn(args: argparse.Namespace) -> Secrets:
    password, key = secrets.token_urlsafe(TOKEN_BYTES), ApprovalKey.new()
    dsn = f"postgresql://opensqt:{password}@postgres:5432/opensqt"
    # A file of credentials is what a process takes beside an address without a password.
    who = ServerCredentials(postgres_user="opensqt", postgres_password=password)
    found: Secrets = {
        "postgres": {
            "password": password.encode(),
            "dsn": dsn.encode(),
            "credentials.json": msgspec.json.encode(who),
        },
        # The same for an operator's database, which wants the name beside it.
        "postgres-owner": {"username": b"opensqt", "password": password.encode()},
        "gateway": {"token": secrets.token_urlsafe(TOKEN_BYTES).encode()},
        "approval-key": {PRIVATE: key.private_pem().encode()},
        PUBLIC: {f"{key.key_id}.pem": key.public_pem().encode()},
    }
    return found if args.live else found | _paper(args)


def _paper(args: argparse.Namespace) -> Secrets:
    """Return the certificate of the paper venue and the keys of its accounts, made as `up` makes them."""
    with tempfile.TemporaryDirectory(prefix="opensqt-secrets-") as folder:
        data = Path(folder)
        (data / "venue").mkdir()
        ca, server = certificate.ensure(data / "ca", dialect_entry(args.venue).hosts)
        keys = paper_keys(data, tuple(args.account or ("main",)))
        return {
            "paper-ca": {"ca.pem": ca.read_bytes(), "server.pem": server.read_bytes()},
            "paper-keys": {"keys.json": keys.read_bytes()},
        }


def _item(namespace: str, name: str, keys: dict[str, bytes]) -> dict[str, object]:
    if name == PUBLIC:
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": namespace},
            "data": {key: value.decode() for key, value in keys.items()},
        }
    kind = "kubernetes.io/basic-auth" if "username" in keys else "Opaque"
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": kind,
        "metadata": {"name": name, "namespace": namespace},
        "data": {key: base64.b64encode(value).decode() for key, value in keys.items()},
    }


def _write(folder: Path, drawn: Secrets) -> None:
    """Write one folder a secret. Containers read them under their own users: the folder keeps others out."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    for name, keys in drawn.items():
        if (folder / name).exists():
            continue
        (folder / name).mkdir()
        for key, value in keys.items():
            (folder / name / key).write_bytes(value)
            (folder / name / key).chmod(0o400 if key == PRIVATE else 0o444)
        print(f"wrote {folder / name}")
