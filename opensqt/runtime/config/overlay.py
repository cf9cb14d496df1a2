"""Environment over file: `OPENSQT__RISK__OPEN_ORDERS_MAX=50` sets one key. Empty values are ignored."""

import re
from collections.abc import Mapping
from typing import Annotated, get_args, get_origin

from opensqt.runtime.config.reader import ConfigError, hints_of, is_table, pick_kind
from opensqt.runtime.config.schema import Config
from opensqt.strategies.settings import PluginSettings, Settings

PREFIX = "OPENSQT__"
SEPARATOR = "__"
NOT_A_NAME = re.compile(r"[^A-Z0-9]")


def overlay(raw: Mapping[str, object], environ: Mapping[str, str]) -> dict[str, object]:
    """Return the tables with the environment's non-empty values on top; raise `ConfigError` if unknown."""
    result = _copy(raw)
    for name in sorted(environ):
        if name.startswith(PREFIX) and environ[name]:
            _set(result, name, environ[name])
    return result


def _set(tables: dict[str, object], name: str, text: str) -> None:
    words = name.removeprefix(PREFIX).split(SEPARATOR)
    table = tables
    kind: object = Config
    for depth, word in enumerate(words):
        key, kind = _step(table, kind, word, name, ".".join(words[: depth + 1]).lower())
        if depth == len(words) - 1:
            table[key] = _value(text, kind, name)
            return
        below = table.setdefault(key, {})
        if not isinstance(below, dict):
            raise ConfigError(f"environment {name}: {key} is a value, not a table")
        table = below


def _step(
    table: dict[str, object], kind: object, word: str, name: str, path: str
) -> tuple[str, object]:
    """Find the key that this word of the variable names, and its type."""
    if kind is Settings:
        kind = pick_kind(table, path)
    if is_table(kind):
        hints = hints_of(kind)
        if kind is PluginSettings:
            # Its own settings are known by what the file sets.
            hints = {**{key: type(value) for key, value in table.items()}, **hints_of(Settings)}
        found = [key for key in hints if _folded(key) == _folded(word)]
        if not found:
            raise ConfigError(f"environment {name}: no such key (known: {', '.join(hints)})")
        return found[0], _bare(hints[found[0]])
    if get_origin(kind) is dict:
        found = [key for key in table if _folded(key) == _folded(word)]
        if not found:
            there = ", ".join(table) or "none"
            raise ConfigError(
                f"environment {name}: no entry for {word} in the file (there: {there})"
            )
        return found[0], _bare(get_args(kind)[1])
    raise ConfigError(f"environment {name}: {word} goes deeper than the configuration")


def _value(text: str, kind: object, name: str) -> object:
    if is_table(kind) or get_origin(kind) is dict:
        raise ConfigError(f"environment {name}: names a table; add {SEPARATOR}KEY to set one value")
    if kind is int and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind is bool and text in ("true", "false"):
        return text == "true"
    return text


def _copy(raw: Mapping[str, object]) -> dict[str, object]:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in raw.items()}


def _folded(key: str) -> str:
    return NOT_A_NAME.sub("_", key.upper())


def _bare(kind: object) -> object:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind
