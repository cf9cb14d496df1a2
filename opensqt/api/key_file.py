"""The file of a desk's API keys: `api-keys.json` of the data folder, or where OPENSQT_API_KEYS says. Hashes only."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.api.keys import CallKey

KEYS_FILE = "api-keys.json"
KEYS_PATH = "OPENSQT_API_KEYS"


class BadKeyFile(ValueError):
    """A file that holds no keys; the text names it and what is wrong."""


def key_file_of(environ: Mapping[str, str], data: Path | None) -> Path | None:
    """Return where the keys lie; None where there is no place for them."""
    if named := environ.get(KEYS_PATH, ""):
        return Path(named)
    return data / KEYS_FILE if data is not None else None


def read_keys(path: Path) -> tuple[CallKey, ...]:
    """Return the keys of a file, none where there is no file; raise `BadKeyFile`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[CallKey, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadKeyFile(f"{path} cannot be read as API keys: {error}") from error


def write_keys(path: Path, keys: tuple[CallKey, ...]) -> None:
    """Replace the file at once, for its owner's eyes only."""
    fresh = path.with_suffix(".new")
    body = msgspec.json.format(msgspec.json.encode(keys), indent=1)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


class KeyFile:
    """The keys of now: the file is read again when it was replaced, so that a revoked key is out at once."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._keys: tuple[CallKey, ...] = ()

    def keys(self) -> tuple[CallKey, ...]:
        """Return the keys; raise `BadKeyFile`, and then nobody's key is right."""
        if self._path is None:
            return ()
        try:
            state = self._path.stat()
        except OSError:
            self._seen, self._keys = None, ()
            return ()
        if self._seen != (state.st_mtime_ns, state.st_ino):
            self._keys = ()
            self._keys = read_keys(self._path)
            self._seen = (state.st_mtime_ns, state.st_ino)
        return self._keys
