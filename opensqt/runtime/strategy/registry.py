"""From the `kind` of a configured strategy to its code: shipped, installed, named by module, or a file of one's own.

Only who runs or checks strategies asks here: whoever holds credentials or judges orders never loads foreign code.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import msgspec

from opensqt.domain.bulkhead import Bulkhead
from opensqt.runtime.config.all import Config, ConfigError
from opensqt.runtime.config.reader import read_settings
from opensqt.runtime.config.rules import resolved
from opensqt.runtime.config.settings_tables import EXPECTED
from opensqt.strategies.api import Strategy
from opensqt.strategies.carry.strategy import CARRY
from opensqt.strategies.grid.strategy import GRID
from opensqt.strategies.settings import PluginSettings, Settings

GROUP = "opensqt.strategies"
SHIPPED: Mapping[str, Strategy[Any]] = {"grid": GRID, "carry": CARRY}


class UnknownKind(LookupError):
    """A kind without code behind it; its text says what was looked for and where."""


def strategy_of(kind: str, folder: Path | None) -> Strategy[Any]:
    """Return the code of a kind; `folder` is that of the configuration. Raise `UnknownKind`."""
    if kind in SHIPPED:
        return SHIPPED[kind]
    if ":" in kind:
        return _named(kind)
    found = entry_points(group=GROUP, name=kind)
    if found:
        return _installed(next(iter(found)))
    path = (folder or Path()) / f"{kind}.py"
    if not path.is_file():
        raise UnknownKind(f"expected one of {EXPECTED} (there is no {path})")
    return _file(kind, path)


def understood(config: Config, folder: Path | None) -> Config:
    """Return the configuration with the settings of every plug-in typed and checked; raise `ConfigError`."""
    typed = {
        name: with_code(name, settings, config, folder)[1]
        for name, settings in config.strategies.items()
    }
    return msgspec.structs.replace(config, strategies=typed)


def with_code(
    name: str, settings: Settings, config: Config, folder: Path | None
) -> tuple[Strategy[Any], Settings]:
    """Return a strategy's code, and its settings as that code declares them; raise `ConfigError`."""
    path = f"strategies.{name}"
    if not isinstance(settings, PluginSettings):
        return SHIPPED[settings.kind], settings
    try:
        strategy = strategy_of(settings.kind, folder)
    except UnknownKind as error:
        raise ConfigError(f'{path}.kind = "{settings.kind}": {error}') from error
    typed = read_settings(settings, strategy.settings, path)
    return strategy, resolved(path, typed, config)


def _named(kind: str) -> Strategy[Any]:
    module, _, name = kind.partition(":")
    return _loaded(
        lambda: getattr(importlib.import_module(module), name), f"{module} has no strategy {name}"
    )


def _installed(entry: EntryPoint) -> Strategy[Any]:
    return _loaded(entry.load, f"entry point {entry.name} cannot be loaded")


def _file(kind: str, path: Path) -> Strategy[Any]:
    name = f"opensqt_strategy_{kind.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UnknownKind(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # annotations are resolved through it
    loader = spec.loader

    def load() -> Strategy[Any]:
        loader.exec_module(module)
        found = [value for value in vars(module).values() if isinstance(value, Strategy)]
        if len(found) != 1:
            raise UnknownKind(f"it defines {len(found)} strategies, expected one Strategy(...)")
        return found[0]

    return _loaded(load, f"{path} cannot be used")


def _loaded(load: Callable[[], object], trouble: str) -> Strategy[Any]:
    """Load foreign code; whatever it raises is told in one line."""
    value: object = None
    with Bulkhead() as bulkhead:
        value = load()
    if (error := bulkhead.error) is not None:
        kind = "" if isinstance(error, UnknownKind) else f"{type(error).__name__}: "
        raise UnknownKind(f"{trouble} ({kind}{' '.join(str(error).split())})") from error
    if not isinstance(value, Strategy):
        raise UnknownKind(f"{trouble}: it is a {type(value).__name__}, expected a Strategy(...)")
    return value
