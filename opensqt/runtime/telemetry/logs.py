"""Structured log lines: one JSON object a line on standard error. Never writes a secret."""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TextIO

REDACTED = "***"
SECRET_LENGTH_MIN = 6  # shorter values would blacken ordinary words
TRACE_ID: ContextVar[str] = ContextVar("trace_id", default="")

_SECRET_KEY = re.compile(
    r"secret|passw|passphrase|token|signature|authorization|api_?key|private", re.IGNORECASE
)
_secrets: set[str] = set()


class Log:
    """The log of one part of a process; fields are plain values, named with their units."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"opensqt.{name}")

    def debug(self, event: str, **fields: object) -> None:
        """Say what only a developer wants to know."""
        self._logger.debug(event, extra={"fields": fields})

    def info(self, event: str, **fields: object) -> None:
        """Say what happened."""
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, **fields: object) -> None:
        """Say what is not as it should be but is being dealt with."""
        self._logger.warning(event, extra={"fields": fields})

    def error(self, event: str, **fields: object) -> None:
        """Say what needs a person."""
        self._logger.error(event, extra={"fields": fields})


def register_secret(value: str) -> None:
    """Blacken this value in every later line, wherever it stands; very short values are ignored."""
    if len(value) >= SECRET_LENGTH_MIN:
        _secrets.add(value)


def redact(text: str) -> str:
    """Return a text with every registered secret blackened."""
    for value in _secrets:
        text = text.replace(value, REDACTED)
    return text


def describe(error: BaseException) -> dict[str, object]:
    """Return the fields of an error: its kind, its words and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.name}:{frame.lineno}" for frame in frames[-6:]]
    return {"error": type(error).__name__, "detail": str(error), "where": " > ".join(where)}


def set_up(process: str, *, debug: bool = False, stream: TextIO | None = None) -> None:
    """Send all log lines of this process, third parties included, to standard error (or `stream`) as JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_Lines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("opensqt").setLevel(logging.DEBUG if debug else logging.INFO)


class _Lines(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, tz=UTC)
        line: dict[str, object] = {
            "time": stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "process": self._process,
            "part": record.name.removeprefix("opensqt."),
            "event": record.getMessage(),
        }
        fields: dict[str, object] = getattr(record, "fields", {})
        line.update({key: _plain(key, value) for key, value in fields.items()})
        if record.exc_info and record.exc_info[1] is not None:
            line.update(describe(record.exc_info[1]))
        if trace_id := TRACE_ID.get():
            line["trace_id"] = trace_id
        return _blackened(json.dumps(line, ensure_ascii=False))


def _blackened(line: str) -> str:
    # A secret with quotes or backslashes stands in the line as JSON writes it.
    for value in _secrets:
        line = line.replace(json.dumps(value, ensure_ascii=False)[1:-1], REDACTED)
    return line


def _plain(key: str, value: object) -> Any:
    if _SECRET_KEY.search(key):
        return REDACTED
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case Decimal():
            return str(value)
        case dict():
            return {str(name): _plain(str(name), part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain("", part) for part in value]
        case _:
            return str(value)


def leaves(error: BaseException) -> list[BaseException]:
    """Return the errors of a group, and of the groups in it; one that is no group is its own leaf."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for part in error.exceptions for leaf in leaves(part)]
    return [error]
