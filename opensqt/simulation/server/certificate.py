"""The local certificate authority of a run: DATA/ca/ca.pem for clients, server.pem (0600) for the venue.

Made once and reused, so that clients of a restarted venue go on. It never signs anything but the venue's hosts.
"""

import os
from datetime import UTC, datetime
from pathlib import Path

import trustme

LOCAL_HOSTS = ("venue.admin", "localhost", "127.0.0.1")
EXPIRES = datetime(2049, 12, 31, tzinfo=UTC)


def ensure(folder: Path, hosts: tuple[str, ...]) -> tuple[Path, Path]:
    """Return (ca.pem, server.pem) of this folder, made for these hosts on the first call."""
    ca_path, server_path = folder / "ca.pem", folder / "server.pem"
    if ca_path.exists() and server_path.exists():
        return ca_path, server_path
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    server = authority.issue_cert(*hosts, *LOCAL_HOSTS, not_after=EXPIRES)
    chain = b"".join(part.bytes() for part in server.cert_chain_pems)
    _write(server_path, server.private_key_pem.bytes() + chain, 0o600)
    _write(ca_path, authority.cert_pem.bytes(), 0o644)
    return ca_path, server_path


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write whole or not at all."""
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    partial.replace(path)
