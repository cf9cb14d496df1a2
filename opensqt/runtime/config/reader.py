"""Plain TOML tables into typed ones, so that each mistake is one line with field, value and expectation."""

import difflib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from opensqt.domain.decimals import NotADecimal, parse
from opensqt.domain.ranges import Range
from opensqt.runtime.config.schema import Config, RiskConfig
from opensqt.runtime.config.settings_tables import EXPECTED, plain_plugin, settings_table
from opensqt.strategies.settings import PluginSettings, Settings

Plain = Mapping[str, object]
T = TypeVar("T")


class ConfigError(ValueError):
    """A configuration that cannot be used; its text is one line that names the fix."""


def read_config(raw: Plain) -> Config:
    """Build the typed configuration; raise `ConfigError` on the first mistake in the file's order."""
    _check_table(raw, Config, "")
    config = _converted({**raw, "strategies": {}}, Config)
    tables = _converted(raw["strategies"], dict[str, dict[str, Any]])
    strategies = {name: _settings(table) for name, table in tables.items()}
    return msgspec.structs.replace(config, strategies=strategies)


def read_settings(given: PluginSettings, table: type[T], path: str) -> T:
    """Build the typed settings of a plug-in from its plain ones; raise `ConfigError` on the first mistake."""
    raw = msgspec.to_builtins(given)
    raw.update(raw.pop("values"))
    _check_table(raw, table, path)
    return _converted(raw, table)


def read_risk(given: Mapping[str, str]) -> RiskConfig:
    """Build [risk] from the texts of some of its keys; raise `ConfigError` on the first mistake."""
    hints = hints_of(RiskConfig)
    whole = {key for key in given if hints.get(key) is not None and _is_whole(hints[key])}
    raw = {k: int(v) if k in whole and v.isdecimal() else v for k, v in given.items()}
    _check_table(raw, RiskConfig, "risk")
    return _converted(raw, RiskConfig)


def _is_whole(kind: object) -> bool:
    return (get_args(kind)[0] if get_origin(kind) is Annotated else kind) is int


def _settings(raw: Plain) -> Settings:
    table = settings_table(raw["kind"]) or PluginSettings
    return _converted(plain_plugin(raw) if table is PluginSettings else raw, table)


def _converted(raw: object, table: type[T]) -> T:
    try:
        return msgspec.convert(raw, table)
    except msgspec.ValidationError as error:  # whatever the walk did not foresee
        raise ConfigError(str(error)) from error


def hints_of(table: type) -> dict[str, object]:
    """Return the field types of a table with their ranges."""
    return dict(get_type_hints(table, include_extras=True))


def is_table(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    """Say whether a field type is a table."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def pick_kind(raw: object, path: str) -> type[Settings]:
    """Choose the table of a strategy by its `kind`; raise `ConfigError` when it names none."""
    kind = raw.get("kind") if isinstance(raw, Mapping) else None
    table = settings_table(kind)
    if table is None:
        raise ConfigError(f"{path}.kind = {_shown(kind)}: expected one of {EXPECTED}")
    return table


def _check_table(raw: object, table: type, path: str) -> None:
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{path} = {_shown(raw)}: expected a table [{path}]")
    hints = hints_of(Settings if table is PluginSettings else table)
    for key, value in raw.items():
        where = f"{path}.{_quoted(key)}" if path else _quoted(key)
        if key not in hints and table is PluginSettings:
            _check_plain(value, where)
            continue
        if key not in hints:
            raise ConfigError(f"{where}: unknown key{_suggestion(key, hints)}")
        _check_value(value, hints[key], where)
    missing = [name for name in _required(table) if name not in raw]
    if missing:
        where = f"{path}.{missing[0]}" if path else missing[0]
        raise ConfigError(f"{where} is missing: expected {_expected(hints[missing[0]])}")


def _check_value(value: object, kind: object, path: str) -> None:
    limits: Range | None = None
    if get_origin(kind) is Annotated:
        kind, limits = get_args(kind)
    if kind is Settings:
        kind = pick_kind(value, path)
    if is_table(kind):
        _check_table(value, kind, path)
    elif get_origin(kind) is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{path} = {_shown(value)}: expected a table [{path}.NAME]")
        for key, entry in value.items():
            _check_value(entry, get_args(kind)[1], f"{path}.{_quoted(key)}")
    elif get_origin(kind) in (list, tuple):
        if not isinstance(value, list):
            raise ConfigError(f"{path} = {_shown(value)}: expected a list [...]")
        for number, entry in enumerate(value):
            _check_value(entry, get_args(kind)[0], f"{path}[{number}]")
    else:
        _check_leaf(value, kind, limits, path)


def _check_plain(value: object, path: str) -> None:
    """Judge a setting whose meaning only its strategy knows: no number may have lost digits already."""
    for one in value if isinstance(value, list) else (value,):
        if not isinstance(one, str | int):
            raise ConfigError(f"{path} = {_shown(one)}: expected {_expected(Decimal)}")


def _check_leaf(value: object, kind: object, limits: Range | None, path: str) -> None:
    good = False
    number: Decimal | int | None = None
    if kind is Decimal and isinstance(value, str):
        try:
            number = parse(value)
            good = True
        except NotADecimal:
            good = False
    elif kind is int:
        good = isinstance(value, int) and not isinstance(value, bool)
        number = value if isinstance(value, int) else None
    elif isinstance(kind, type) and issubclass(kind, StrEnum):
        good = value in list(kind)
    elif isinstance(kind, type):
        good = isinstance(value, kind)
    if good and number is not None and limits is not None:
        good = limits.holds(number)
    if not good:
        raise ConfigError(f"{path} = {_shown(value)}: expected {_expected(kind, limits)}")


def _expected(kind: object, limits: Range | None = None) -> str:
    if get_origin(kind) is Annotated:
        kind, limits = get_args(kind)
    suffix = f" {limits.text()}" if limits is not None else ""
    if kind is Decimal:
        return f'a decimal in quotes like "12.5"{suffix}'
    if kind is int:
        return f"a whole number{suffix}"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "one of " + ", ".join(kind)
    if kind is bool:
        return "true or false"
    return "a text in quotes" if kind is str else "a table"


def _required(table: type) -> Iterator[str]:
    for field in msgspec.structs.fields(table):
        if field.required:
            yield field.name


def _suggestion(key: str, hints: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key, hints, n=1)
    known = ", ".join(hints)
    return f" (did you mean {near[0]}?)" if near else f" (known here: {known})"


def _quoted(key: str) -> str:
    plain = key.replace("-", "").replace("_", "")
    return key if plain.isalnum() and plain.isascii() else f'"{key}"'


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else ("nothing" if value is None else str(value))
