"""Servers from a Docker engine, for machines that have neither addresses nor binaries.

The images are named by the environment, so that a machine without a public registry can name its own.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

NATS_IMAGE = "OPENSQT_TEST_NATS_IMAGE"
POSTGRES_IMAGE = "OPENSQT_TEST_POSTGRES_IMAGE"


def engine_answers() -> bool:
    """Tell whether a Docker engine answers within five seconds."""
    binary = shutil.which("docker")
    if binary is None:
        return False
    try:
        done = subprocess.run([binary, "info"], capture_output=True, check=False, timeout=5)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


@contextlib.contextmanager
def nats() -> Iterator[str]:
    """Run a JetStream server and give its address."""
    with _serving(os.environ.get(NATS_IMAGE, "nats:2.12"), 4222, "-js", "ready") as address:
        yield f"nats://{address}"


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Run a Postgres and give its administrator's address."""
    image = os.environ.get(POSTGRES_IMAGE, "postgres:18")
    with _serving(image, 5432, "", "ready to accept connections") as address:
        yield f"postgresql://postgres@{address}/postgres"


@contextlib.contextmanager
def _serving(image: str, port: int, command: str, ready: str) -> Iterator[str]:
    # The context manager removes the container: no second container is needed to watch over it.
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    container = DockerContainer(image).with_exposed_ports(port)
    container = container.with_env("POSTGRES_HOST_AUTH_METHOD", "trust")
    container = container.with_command(command) if command else container
    with container.waiting_for(LogMessageWaitStrategy(ready)) as running:
        yield f"{running.get_container_host_ip()}:{running.get_exposed_port(port)}"
