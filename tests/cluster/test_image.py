"""The image as it is built: small, not root, without an installer, and with the command on the path."""

import json
from functools import cache

import pytest

from tests.cluster import docker, images

BYTES_MAX = 350 * 1000 * 1000
LOADED = (
    "import ccxt.pro, pyarrow.parquet, uvloop, asyncpg, nats, ssl, sqlite3, zlib, lzma;"
    "import opensqt.venues.opening, services.executor.service; print(sorted(ccxt.pro.exchanges))"
)

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(1500)]


@cache
def image() -> str:
    """Return the image of this tree."""
    return images.ours("0.1.0")


def inside(*words: str) -> str:
    """Run a program in a container of the image that can write nothing; return what it printed."""
    return docker.output(
        "run", "--rm", "--read-only", "--entrypoint", words[0], image(), *words[1:]
    )


def test_it_is_small_and_its_user_has_a_name() -> None:
    """Ten thousand and one, who may write to his own folder only."""
    (said,) = json.loads(docker.output("image", "inspect", image()))
    assert said["Size"] <= BYTES_MAX
    assert said["Config"]["User"] == "10001:10001"
    assert inside("id") == "uid=10001(opensqt) gid=10001(opensqt) groups=10001(opensqt)"
    assert inside("stat", "-c", "%U %a", "/data") == "opensqt 750"


def test_the_command_is_on_the_path_and_no_installer_is() -> None:
    """What is not there cannot be used against us."""
    assert inside("opensqt", "--version").startswith("opensqt ")
    for name in ("pip", "apt-get", "gcc", "perl", "curl"):
        with pytest.raises(docker.DockerFailed):
            inside(name, "--version")


def test_what_processes_load_is_there() -> None:
    """After all that was taken out; of ccxt the exchanges that are venues of ours."""
    assert "binance" in inside("python", "-c", LOADED)
    for server in ("nats-server", "pg_dump"):
        find = (
            f"from opensqt.desk import postgres, nats; print(postgres.find_folder() / '{server}')"
        )
        name = inside("python", "-c", find) if server == "pg_dump" else server
        assert inside(name, "--version")


def test_the_same_tree_is_the_same_image() -> None:
    """Built again from the start, nothing of the last build is used: byte for byte the same layers."""
    first = docker.output("image", "inspect", "--format", "{{.RootFS.Layers}}", image())
    again = images.built("opensqt-test/again:0", refresh=True)
    assert docker.output("image", "inspect", "--format", "{{.RootFS.Layers}}", again) == first
