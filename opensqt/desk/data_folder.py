"""The data folder of one run: made, locked, checked. Refuses with one line and leaves nothing half done."""

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import msgspec

from opensqt.desk.error import CliError
from opensqt.desk.runfile import read_run
from opensqt.runtime.approval_key import ApprovalKey, KeyUnusable
from opensqt.runtime.clock import Clock
from opensqt.runtime.environment import APPROVAL_KEY_FILE, APPROVAL_KEYS_FOLDER

# A new desk takes 52 MB in its first minute, nearly all of it the database, and some 3 MB in each later one.
FREE_BYTES_MIN = 100 * 1000 * 1000
LOCK_S_MAX = 0.5
LOCK_BYTES = 128
UP, READER = "up", "reader"
SUBFOLDERS = ("ca", "nats", "venue", "logs", "archive/feed", "reports")
TOKEN_BYTES = 24
PAPER_KEY_FIELDS = {"api_key", "secret", "passphrase"}


def free_bytes(path: Path) -> int:
    """Return the bytes free on the disk that holds this path or its nearest existing parent."""
    while not path.exists():
        path = path.parent
    return shutil.disk_usage(path).free


class InUse(CliError):
    """Somebody else holds the folder's lock."""


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds a folder's lock, as it says there itself; all empty while it has not said so yet."""

    pid: int = 0
    verb: str = ""
    born_ticks: int = 0  # when the process began: another one with the same pid began later


class DataFolder:
    """A data folder; `close` gives the lock back, `undo` removes what a refused first start has made.

    `verb` is `UP` for the desk itself, `READER` for whoever needs the folder for a moment.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        free: Callable[[Path], int] = free_bytes,
        *,
        verb: str = READER,
    ) -> None:
        self.path = path.absolute()
        self._clock = clock
        self._free = free
        self._verb = verb
        self._lock: int | None = None
        self._made: Path | None = None

    async def open(self) -> None:
        """Check disk and permissions, make the folder, take the lock; raise `CliError` or its `InUse`."""
        self._check_disk()
        self._make()
        try:
            await self._take_lock()
            self._fill()
        except (CliError, OSError):
            self.undo()
            raise

    def undo(self) -> None:
        """Give the lock back; remove the folder if this start has made it."""
        self.close()
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)

    def settle(self) -> None:
        """From here on the folder stays, whatever happens."""
        self._made = None

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _check_disk(self) -> None:
        free = self._free(self.path)
        if free < FREE_BYTES_MIN:
            raise CliError(
                f"only {free // 10**6} MB free on the disk of {self.path}, {FREE_BYTES_MIN // 10**6} MB"
                " needed: free some space, or name a folder on another disk with --data"
            )

    def _make(self) -> None:
        missing = self.path
        while not missing.parent.exists():
            missing = missing.parent
        existed = self.path.exists()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not existed:
                self._made = missing
            self._shut()
            probe = self.path / ".writable"
            probe.touch()
            probe.unlink(missing_ok=True)  # two commands may try at the same moment
        except OSError as error:
            raise CliError(
                f"data folder {self.path} cannot be written ({error.strerror}): name another with --data,"
                f" or make it yours with `chown -R $USER {self.path}`"
            ) from error

    def _shut(self) -> None:
        """Take the folder from everybody else, whoever made it; nobody's Postgres alone needs a way through."""
        mode = stat.S_IMODE(self.path.stat().st_mode)
        cluster = self.path / "postgres"
        passed = cluster.exists() and cluster.stat().st_uid != self.path.stat().st_uid
        wanted = (mode & 0o711) if passed else (mode & 0o700)
        if mode != wanted:
            self.path.chmod(wanted)

    async def _take_lock(self) -> None:
        path = self.path / "lock"
        try:
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise CliError(
                f"{path} cannot be opened ({error.strerror}): it must be a file of yours; remove it"
            ) from error
        end_s = self._clock.monotonic_s() + LOCK_S_MAX
        while not _try_lock(self._lock, fcntl.LOCK_EX):
            if self._clock.monotonic_s() >= end_s:  # not merely a `status` that looks at the lock
                raise InUse(in_use(self.path))
            await self._clock.sleep(0.05)
        pid = os.getpid()
        who = Holder(pid=pid, verb=self._verb, born_ticks=_born_ticks(pid))
        # One write of fixed length: nobody ever reads an empty file or a mixture with who was here before.
        os.pwrite(self._lock, msgspec.json.encode(who).ljust(LOCK_BYTES), 0)

    def _fill(self) -> None:
        for name in SUBFOLDERS:
            (self.path / name).mkdir(parents=True, exist_ok=True)
        token = self.path / "token"
        if not token.exists():
            write_private(token, secrets.token_urlsafe(TOKEN_BYTES) + "\n")
        make_approval_key(self.path)


def in_use(data: Path) -> str:
    """Say who has this folder, where its page is, and what to do."""
    who = holder(data) or Holder()
    if who.verb != UP:
        return (
            f"data folder {data} is in use by {told(who)}:"
            " wait until it has ended, or name another folder with --data"
        )
    run = read_run(data)
    page = (
        f"; its page is http://127.0.0.1:{run.ports['gateway']}/" if "gateway" in run.ports else ""
    )
    return (
        f"data folder {data} is in use by process {who.pid}{page};"
        f" stop it with `opensqt down --data {data}`, or name another folder with --data"
    )


def told(who: Holder) -> str:
    """Name a holder that is no `up` in a sentence."""
    return f"another command (process {who.pid})" if who.pid else "a command that has just begun"


def is_running(data: Path) -> bool:
    """Say whether the desk of this folder runs; `holder` says who else may be at it."""
    return up_pid(data) > 0


def up_pid(data: Path) -> int:
    """Return the process of the `up` that holds this folder's lock; 0 where none does."""
    who = holder(data)
    return who.pid if who is not None and who.verb == UP else 0


def holder(data: Path) -> Holder | None:
    """Return who holds this folder's lock, None where nobody does; raise `CliError` for a damaged run."""
    try:
        lock = os.open(data / "lock", os.O_RDWR)
    except OSError:
        return None
    try:
        if _try_lock(lock, fcntl.LOCK_SH):
            return None
        said = os.pread(lock, LOCK_BYTES, 0)
    finally:
        os.close(lock)
    return _believed(data, said)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read (0600), in one step."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)


def make_approval_key(data: Path) -> None:
    """Make sure the risk gate has a key (0600) and that its public half lies where executors look.

    A key that was taken away is replaced by a new one; public halves stay, so that older approvals can be checked.
    """
    path = data / APPROVAL_KEY_FILE
    try:
        key = ApprovalKey.read(path) if path.exists() else ApprovalKey.new()
    except KeyUnusable as error:
        raise CliError(f"{error}; delete it, and the gate gets a new key") from error
    path.parent.mkdir(mode=0o700, exist_ok=True)
    public = data / APPROVAL_KEYS_FOLDER / f"{key.key_id}.pem"
    public.parent.mkdir(exist_ok=True)
    # The public half first: what is signed can always be checked.
    if not public.exists():
        write_private(public, key.public_pem())
    if not path.exists():
        write_private(path, key.private_pem())


def paper_keys(data: Path, accounts: tuple[str, ...]) -> Path:
    """Make sure every paper account has its own API key (0600) and return the file."""
    path = data / "venue" / "keys.json"
    keys: dict[str, dict[str, str]] = {}
    if path.exists():
        try:
            keys = msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
        except (ValueError, RecursionError, OSError) as error:
            raise CliError(
                f"{path} cannot be read ({error}): delete it, and the paper accounts get new keys"
            ) from error
    missing = [account for account in accounts if keys.get(account, {}).keys() < PAPER_KEY_FIELDS]
    for account in missing:
        made = {name: secrets.token_hex(32) for name in sorted(PAPER_KEY_FIELDS)}
        keys[account] = made | keys.get(account, {})
    if missing:
        write_private(path, msgspec.json.encode(keys).decode())
    return path


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _believed(data: Path, said: bytes) -> Holder:
    """Return whom a held lock names; nobody when these are the words of one who held it before."""
    if not said:  # an `up` of an older version says nothing there
        pid = read_run(data).pid
        return Holder(pid=pid, verb=UP) if _born_ticks(pid) else Holder()
    try:
        who = msgspec.json.decode(said, type=Holder)
    except (ValueError, RecursionError):
        return Holder()
    return who if who.born_ticks == _born_ticks(who.pid) else Holder()


def _born_ticks(pid: int) -> int:
    """Return when a process began, in ticks since the machine did; 0 where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(stat.rpartition(b")")[2].split()[19])
