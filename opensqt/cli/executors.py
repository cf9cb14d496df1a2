"""Asking the executors and the risk gate of a folder directly, over their health ports and with the folder's token."""

import argparse
import getpass
import http.client
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opensqt.desk.error import CliError
from opensqt.desk.runfile import RunFile
from opensqt.domain.clean_text import cleaned
from opensqt.domain.scope import DESK, Scope
from opensqt.runtime.token import read_token

PREFIX = "health.executor-"
RISK = "health.risk"
ANSWER_S_MAX = 10.0

_Said = TypeVar("_Said")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What one executor answered; `said` holds a `detail` when it is not `ok`."""

    process: str
    ok: bool
    said: dict[str, Any]
    heard: bool = True  # it answered, whatever it said
    refused: bool = False  # it was asked for something that is not there


def ask_executors(data: Path, run: RunFile, path: str, words: dict[str, Any]) -> list[Asked]:
    """Post to every executor of the folder at once and return what each answered."""
    token = read_token(data)

    def ask(name: str, port: int) -> Asked:
        return _ask(name, port, token, path, words)

    return _all_at_once(run, ask)


def ask_risk(data: Path, run: RunFile, path: str, words: dict[str, Any]) -> Asked | None:
    """Post to the risk gate of the folder and return what it answered; None where the folder has none."""
    port = run.ports.get(RISK)
    return _ask(RISK, port, read_token(data), path, words) if port else None


def kills_in_force(run: RunFile, scope: str) -> list[str]:
    """Return the identities of the kills that a release of a scope ends, from every executor that answers."""

    def look(_: str, port: int) -> set[str]:
        try:
            said = _exchange(port, "GET", "/status", ANSWER_S_MAX)[1]
        except (OSError, http.client.HTTPException, ValueError):
            return set()  # it is killed by what the others name, or it stays killed
        kills = said.get("kill_ids") if isinstance(said, dict) else None
        named = kills.get(scope) if isinstance(kills, dict) else None
        return set(map(str, named)) if isinstance(named, list) else set()

    return sorted(set().union(*_all_at_once(run, look)))


def add_scope(parser: argparse.ArgumentParser, verb: str) -> None:
    """Add the argument that names one strategy."""
    parser.add_argument("--strategy", help=f"{verb} one strategy (default: the desk)")


def scope_of(args: argparse.Namespace) -> str:
    """Return the scope that was named; raise `CliError` for a name without a letter, which is not the desk."""
    if args.strategy is None:
        return DESK
    name = cleaned(args.strategy).strip()
    if not name:
        raise CliError(
            f"--strategy is {args.strategy!r}, expected the name of a strategy; leave it out for the desk"
        )
    return str(Scope(strategy=name))


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


def _all_at_once(run: RunFile, ask: Callable[[str, int], _Said]) -> list[_Said]:
    """Ask all executors, so that none waits for another that is slow."""
    ports = sorted((name, port) for name, port in run.ports.items() if name.startswith(PREFIX))
    if not ports:
        return []
    with ThreadPoolExecutor(len(ports)) as pool:
        return list(pool.map(ask, *zip(*ports, strict=True)))


def _exchange(
    port: int, verb: str, path: str, within_s: float, body: str = "", token: str = ""
) -> tuple[int, Any]:
    """Return the status and the words of an answer; raise as `http.client` does, or `ValueError`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=within_s)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(verb, path, body or None, headers if token else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def _ask(name: str, port: int, token: str, path: str, words: dict[str, Any]) -> Asked:
    process = name.removeprefix("health.")
    try:
        status, said = _exchange(port, "POST", path, ANSWER_S_MAX, json.dumps(words), token)
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = {"detail": str(error) or "no answer"}
        return Asked(process=process, ok=False, said=said, heard=False)
    if status != http.client.OK or not isinstance(said, dict):
        why = said.get("error") if isinstance(said, dict) else None
        said = {"detail": why or f"status {status}"}
        return Asked(process=process, ok=False, said=said, heard=False)
    if reason := said.get("why"):
        refused = bool(said.get("refused"))
        return Asked(process=process, ok=False, said={"detail": reason}, refused=refused)
    return Asked(process=process, ok=True, said=said)
