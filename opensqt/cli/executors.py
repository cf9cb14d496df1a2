"""Asking the executors of a folder directly, over their health ports and with the folder's token."""

import getpass
import http.client
import json
from pathlib import Path
from typing import Any

import msgspec

from opensqt.desk.runfile import RunFile
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.token import read_token

PREFIX = "health.executor-"
ANSWER_S_MAX = 10.0


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one executor answered; `said` holds a `detail` when it is not `ok`."""

    process: str
    ok: bool
    said: dict[str, Any]
    heard: bool = True  # it answered, whatever it said
    refused: bool = False  # it was asked for something that is not there


def ask_executors(data: Path, run: RunFile, path: str, words: dict[str, Any]) -> list[Asked]:
    """Post to every executor of the folder and return what each answered."""
    token = read_token(data)
    ports = {name: port for name, port in run.ports.items() if name.startswith(PREFIX)}
    return [_ask(name, port, token, path, words) for name, port in sorted(ports.items())]


def reason_of(text: str) -> str:
    """Return the reason a person gave, or that none was given."""
    return cleaned(text) or "no reason given"


def all_refused(answers: list[Asked]) -> bool:
    """Tell whether every executor knows nobody of that name."""
    return bool(answers) and all(answer.refused for answer in answers)


def line_of(answer: Asked) -> str:
    """Return what an executor that did not do it said, or that it said nothing, for a person."""
    verb = "said" if answer.heard else "did not answer"
    return f"{answer.process} {verb}: {answer.said['detail']}"


def actor() -> str:
    """Return who sits at the keyboard, for the record."""
    try:
        return cleaned(getpass.getuser()) or "unknown"
    except (KeyError, OSError):
        return "unknown"


def _ask(name: str, port: int, token: str, path: str, words: dict[str, Any]) -> Asked:
    process = name.removeprefix("health.")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S_MAX)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", path, json.dumps(words), headers)
        response = connection.getresponse()
        said = json.loads(response.read())
        ok = response.status == http.client.OK and isinstance(said, dict)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = {"detail": str(error) or "no answer"}
        return Asked(process=process, ok=False, said=said, heard=False)
    finally:
        connection.close()
    if not ok:
        why = said.get("error") if isinstance(said, dict) else None
        said = {"detail": why or f"status {response.status}"}
        return Asked(process=process, ok=False, said=said, heard=False)
    if reason := said.get("why"):
        refused = bool(said.get("refused"))
        return Asked(process=process, ok=False, said={"detail": reason}, refused=refused)
    return Asked(process=process, ok=True, said=said)
