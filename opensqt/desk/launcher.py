"""Becomes a child process that dies with its parent. Run as a script by the supervisor; never imported.

Arguments: PARENT_PID DEATH_SIGNAL IDENTITY COMMAND... where IDENTITY is `same`, `mapped` (a user namespace in
which root is user 1000: for servers that refuse root) or `nobody`.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
MAPPED_ID = 1000
NOBODY_ID = 65534


def _enter_namespace(libc: ctypes.CDLL) -> None:
    """Map the present user to an ordinary one; raise `OSError` where the kernel forbids it."""
    user, group = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{MAPPED_ID} {user} 1"),
        ("gid_map", f"{MAPPED_ID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:  # noqa: PTH123 (starts in 15 ms)
            file.write(text)


def _become_nobody() -> None:
    os.setgroups([])
    os.setgid(NOBODY_ID)
    os.setuid(NOBODY_ID)


def main(arguments: list[str]) -> None:
    """Take on the identity, ask for the death signal, make sure the parent still lives, become the command."""
    parent, death_signal, identity = int(arguments[0]), int(arguments[1]), arguments[2]
    libc = ctypes.CDLL(None, use_errno=True)
    if identity == "mapped":
        _enter_namespace(libc)
    elif identity == "nobody":
        _become_nobody()
    # After the change of identity: the kernel clears it there.
    libc.prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(128 + signal.SIGKILL)
    try:
        os.execvp(arguments[3], arguments[3:])  # noqa: S606 (that is what a launcher does)
    except OSError as error:
        sys.exit(f"{arguments[3]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
