"""`opensqt reset`: empty a data folder, keeping its configuration. Never touches a folder in use or a stranger's."""

import argparse
import shutil
import sys
from pathlib import Path

from opensqt.desk.data_folder import holder, in_use
from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.desk.plan import FILE_NAME


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `reset`."""
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(args: argparse.Namespace) -> int:
    """Empty the folder; return 0, or 1 when the answer was no."""
    data = args.data.absolute()
    if not (data / "lock").is_file():
        raise CliError(f"{data} is no data folder of opensqt: name the right one with --data")
    if holder(data) is not None:
        raise CliError(in_use(data))
    doomed = sorted(path for path in data.iterdir() if path.name != FILE_NAME)
    if not args.yes and not _agreed(data):
        print("nothing was removed")
        return JUDGED_FALSE
    for path in sorted(doomed, key=_last_is_lock):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    print(f"emptied {data}; kept {FILE_NAME}" if (data / FILE_NAME).exists() else f"emptied {data}")
    return GOOD


def _agreed(data: Path) -> bool:
    if not sys.stdin.isatty():
        raise CliError(f"reset of {data} deletes its journal: say so with --yes")
    answer = input(f"Delete journal, orders, fills and logs in {data}? Type yes: ")
    return answer.strip().lower() == "yes"


def _last_is_lock(path: Path) -> bool:
    """Sort key: the lock goes last, so that a broken reset can be repeated."""
    return path.name == "lock"
