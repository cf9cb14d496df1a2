"""Which table a `[strategies.NAME]` is: of a kind that we ship, or of one whose code only its own process runs."""

import re
from collections.abc import Mapping

from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.grid.settings import GridSettings
from opensqt.strategies.settings import PluginSettings, Settings

SHIPPED: dict[str, type[Settings]] = {"grid": GridSettings, "carry": CarrySettings}
SERVICES = {"grid": "grid", "carry": "arb"}
STRATEGY = "strategy-"
KIND = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[A-Za-z_][\w.]*:[A-Za-z_]\w*")
EXPECTED = (
    f"{', '.join(SHIPPED)}, an installed strategy (entry point opensqt.strategies), package.module:NAME,"
    " or the name of a file NAME.py beside the configuration"
)


def settings_table(kind: object) -> type[Settings] | None:
    """Return the table of a kind, `PluginSettings` for one that is not shipped, None where nothing is named."""
    if not isinstance(kind, str) or KIND.fullmatch(kind) is None:
        return None
    return SHIPPED.get(kind, PluginSettings)


def plain_plugin(raw: Mapping[str, object]) -> dict[str, object]:
    """Return a plug-in's table with its own settings set aside under `values`."""
    known = Settings.__struct_fields__
    common = {key: value for key, value in raw.items() if key in known}
    return {**common, "values": {key: raw[key] for key in raw if key not in known}}


def service_of(name: str, settings: Settings) -> str:
    """Return the process that runs a strategy: one for all of a kind that is shipped, else one of its own."""
    return SERVICES.get(settings.kind, f"{STRATEGY}{name}")


def module_of(service: str) -> tuple[str, ...]:
    """Return module and arguments of a process that runs strategies."""
    if service.startswith(STRATEGY):
        return "services.strategy", "--name", service.removeprefix(STRATEGY)
    return (f"services.{service}",)
