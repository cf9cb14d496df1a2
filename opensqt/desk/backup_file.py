"""The form of a backup: one tar.gz whose manifest names every part and its hash. Holds no key and no token."""

import hashlib
import io
import tarfile
from pathlib import Path, PurePosixPath

import msgspec

from opensqt.desk.error import JUDGED_FALSE, CliError

MANIFEST = "manifest.json"
DUMP = "journal.dump"
SCHEMA = 1
BLOCK = 1024 * 1024


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds; `parts` are names and sha256 in hex, `market_ms` is the run's clock at that time."""

    schema: int
    version: str
    created_ms: int
    market_ms: int
    position: int
    generation: str
    parts: dict[str, str]


def sha256_of(path: Path) -> str:
    """Return the hash of a file in hex."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()


def pack(target: Path, manifest: Manifest, parts: dict[str, Path]) -> None:
    """Write a backup in one step, manifest first; only its owner can read it."""
    fresh = target.with_name(target.name + ".new")
    with fresh.open("wb") as file:
        fresh.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as archive:
            head = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
            info = tarfile.TarInfo(MANIFEST)
            info.size, info.mode = len(head), 0o600
            archive.addfile(info, io.BytesIO(head))
            for name, path in parts.items():
                archive.add(path, arcname=name, recursive=False)
    fresh.replace(target)


def unpack(source: Path, folder: Path) -> Manifest:
    """Lay the parts of a backup into a folder; raise `CliError` when anything is missing, strange or changed."""
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            manifest = _manifest(archive, source)
            for name, sha256 in manifest.parts.items():
                _lay(archive, name, folder)
                if sha256_of(folder / name) != sha256:
                    raise CliError(f"{source}: {name} is not what was backed up", JUDGED_FALSE)
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise CliError(f"{source} is no whole backup: {error}", JUDGED_FALSE) from error
    return manifest


def _manifest(archive: tarfile.TarFile, source: Path) -> Manifest:
    file = archive.extractfile(MANIFEST)
    try:
        manifest = msgspec.json.decode(file.read() if file else b"", type=Manifest)
    except (ValueError, RecursionError) as error:
        raise CliError(f"{source}: {MANIFEST} cannot be read: {error}", JUDGED_FALSE) from error
    if manifest.schema != SCHEMA:
        raise CliError(f"{source} has schema {manifest.schema}, this version reads {SCHEMA}")
    return manifest


def _lay(archive: tarfile.TarFile, name: str, folder: Path) -> None:
    pure = PurePosixPath(name)
    if pure.is_absolute() or ".." in pure.parts:
        raise CliError(f"a backup must not hold {name!r}", JUDGED_FALSE)
    file = archive.extractfile(name)
    if file is None:
        raise CliError(f"a backup must not hold {name!r}: it is no file", JUDGED_FALSE)
    target = folder / pure
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as out:
        target.chmod(0o600)
        while block := file.read(BLOCK):
            out.write(block)
