"""`opensqt decode`: any event of the platform from its bytes to JSON. Reads no folder and starts in a blink."""

import argparse
import base64
import binascii
import json
import sys

from opensqt.desk.error import GOOD, JUDGED_FALSE, CliError
from opensqt.runtime.codec import Undecodable, decode, to_json


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `decode`."""
    parser.add_argument(
        "payload", nargs="?", default="", help="hex or base64 (default: bytes on standard input)"
    )


def run(args: argparse.Namespace) -> int:
    """Print the event as one line of JSON; raise `CliError` with code 1 when it cannot be understood."""
    data = _bytes(args.payload) if args.payload else sys.stdin.buffer.read()
    try:
        message = decode(data)
    except Undecodable as error:
        raise CliError(f"not an event: {error}", JUDGED_FALSE) from error
    print(json.dumps({"type": type(message).__name__, **to_json(message)}))
    return GOOD


def _bytes(text: str) -> bytes:
    word = "".join(text.split())
    try:
        return bytes.fromhex(word.removeprefix("\\x").removeprefix("0x"))
    except ValueError:
        pass
    try:
        return base64.b64decode(word, validate=True)
    except binascii.Error as error:
        raise CliError(
            f"not an event: {text[:40]!r} is neither hex nor base64", JUDGED_FALSE
        ) from error
