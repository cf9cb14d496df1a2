"""The Docker engine as the cluster tests use it: one command at a time, and what it said when it failed."""

import os
import shutil
import subprocess

# Debian's own client builds with BuildKit by itself; another one on the path may need a plugin for that.
_PATH = f"/usr/bin:{os.environ.get('PATH', '')}"


class DockerFailed(RuntimeError):
    """A command of the engine that did not end well; its text is what it said."""


def run(
    *words: str, stdin: bytes = b"", within_s: float = 120, check: bool = True
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the client; raise `DockerFailed` unless `check` is off."""
    client = shutil.which("docker", path=_PATH)
    if client is None:
        raise DockerFailed("no docker on the path")
    done = subprocess.run(
        [client, *words],
        input=stdin,
        capture_output=True,
        timeout=within_s,
        check=False,
        env=dict(os.environ) | {"DOCKER_BUILDKIT": "1"},
    )
    if check and done.returncode != 0:
        said = (done.stderr + done.stdout).decode(errors="replace").strip()[-2000:]
        raise DockerFailed(f"docker {' '.join(words[:3])}: {said}")
    return done


def output(*words: str) -> str:
    """Run a command and return what it printed, without the last line's end."""
    return run(*words).stdout.decode(errors="replace").strip()
