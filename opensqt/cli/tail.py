"""`opensqt tail SUBJECT`: what passes on the bus, decoded. Listens; publishes nothing."""

import argparse
import asyncio
import json
import re

import nats
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from opensqt.desk import access
from opensqt.desk.address import DeskAddress, Place
from opensqt.desk.data_folder import is_running
from opensqt.desk.error import GOOD, NOT_RUNNING, USAGE, CliError
from opensqt.desk.runfile import read_run
from opensqt.desk.timestamps import rfc3339
from opensqt.runtime.codec import Undecodable, decode, to_json
from opensqt.runtime.envelope import BadEnvelope, from_headers

CONNECT_S_MAX = 3.0
PATTERN = re.compile(r"(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?|>")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tail`."""
    parser.add_argument("subject", help="what to listen to, e.g. 'evt.>' or 'md.*.*.tick'")
    parser.add_argument("--count", type=int, default=0, help="stop after so many messages")


def run(args: argparse.Namespace) -> int:
    """Print messages as they pass, until interrupted."""
    if PATTERN.fullmatch(args.subject) is None:
        raise CliError(
            f"{args.subject!r} is no subject, expected one like evt.> or md.*.*.tick", USAGE
        )
    url = _bus_of(args.place)
    try:
        asyncio.run(_listen(url, args))
    except (NatsError, OSError, TimeoutError) as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise CliError(f"the bus of {args.place} does not answer: {error}", NOT_RUNNING) from error
    return GOOD


def _bus_of(place: Place) -> str:
    if isinstance(place, DeskAddress):
        if not place.nats_url:
            raise CliError(
                f"this listens to the bus, and only {place} is known: name it with --nats"
            )
        return place.nats_url
    data = place.absolute()
    if not is_running(data):
        raise CliError(f"{data} is not running, so nothing passes", NOT_RUNNING)
    return access.nats_url(data, read_run(data))


async def _listen(url: str, args: argparse.Namespace) -> None:
    async def quiet(_: Exception) -> None:
        return

    client = await nats.connect(
        url, connect_timeout=CONNECT_S_MAX, allow_reconnect=False, error_cb=quiet
    )
    try:
        subscription = await client.subscribe(args.subject)
        left = args.count
        async for message in subscription.messages:
            print(json.dumps(_line(message)) if args.json else _for_people(message), flush=True)
            left -= 1
            if left == 0:
                return
    finally:
        await client.close()


def _line(message: Msg) -> dict[str, object]:
    said: dict[str, object] = {"subject": message.subject}
    try:
        envelope = from_headers(message.headers)
    except BadEnvelope:
        pass
    else:
        said |= {
            "type": envelope.type,
            "source": envelope.source,
            "event_id": envelope.event_id,
            "position": envelope.position,
            "time": rfc3339(envelope.time_ms),
        }
    try:
        return said | {"data": to_json(decode(message.data))}
    except Undecodable as error:
        return said | {"undecodable": str(error)}


def _for_people(message: Msg) -> str:
    line = _line(message)
    told = line.get("data", line.get("undecodable"))
    return f"{line.get('time', '')!s:<24}  {line['subject']!s:<44} {json.dumps(told)}"
