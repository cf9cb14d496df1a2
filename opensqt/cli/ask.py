"""`opensqt ask`: make a call of the desk's API and print its answer. Without a call it lists what there is to ask."""

import argparse
import http.client
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table

from opensqt.api.calls import CALLS
from opensqt.api.openapi import PREFIX
from opensqt.desk.error import GOOD, JUDGED_FALSE, NOT_RUNNING, CliError
from opensqt.desk.runfile import read_run
from opensqt.runtime.token import read_token

KEY = "OPENSQT_API_KEY"
ANSWER_S_MAX = 30.0


def add(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ask`."""
    parser.add_argument("call", nargs="?", default="", help="SERVICE.CALL; leave out to list them")
    parser.add_argument("request", nargs="?", default="{}", metavar="JSON", help="what is asked")
    parser.add_argument("--url", default="", help="the gateway (default: that of the data folder)")
    parser.add_argument(
        "--once", default="", metavar="WORD", help="do it once, however often it is said with WORD"
    )


def run(args: argparse.Namespace) -> int:
    """Print the answer; return 0, or 1 with the error where the call is refused. Raises `CliError`."""
    if not args.call:
        _list(as_json=args.json)
        return GOOD
    if args.call not in CALLS:
        raise CliError(f"no call {args.call!r}: `opensqt ask` lists them")
    url = args.url or gateway_of(args.data)
    key = os.environ.get(KEY) or read_token(args.data)
    status, said = asked(url, args.call.replace(".", "/"), args.request, key, args.once)
    print(json.dumps(said, indent=None if args.json else 2))
    return GOOD if status == http.client.OK else JUDGED_FALSE


def _list(*, as_json: bool) -> None:
    if as_json:
        for call in CALLS.values():
            line = {"call": call.path, "scope": call.scope.value, "summary": call.summary}
            print(json.dumps({"type": "call"} | line | {"missing": call.missing}))
        return
    shown = Table("call", "scope", "what it answers", box=None)
    for call in CALLS.values():
        shown.add_row(
            call.path, call.scope.value, call.summary, style="dim" if call.missing else ""
        )
    Console(highlight=False).print(shown)


def gateway_of(data: Path) -> str:
    """Return where the gateway of a folder is called; raise `CliError` where none is known."""
    port = read_run(data).ports.get("gateway")
    if not port:
        raise CliError(
            f"no gateway is known in {data}: start it with `opensqt up --data {data}`, or name it"
            " with --url",
            NOT_RUNNING,
        )
    return f"http://127.0.0.1:{port}"


def asked(url: str, path: str, body: str, key: str, once: str = "") -> tuple[int, Any]:
    """Make a call over HTTP; return status and answer, raise `CliError` where nobody answers."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise CliError(f"--url {url!r}: expected http://HOST:PORT")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=ANSWER_S_MAX)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request(
            "POST", f"{PREFIX}/{path}", body, headers | ({"Once": once} if once else {})
        )
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise CliError(f"{url} does not answer: {error}", NOT_RUNNING) from error
    finally:
        connection.close()
