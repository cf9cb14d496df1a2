"""Names that a person types: one that nobody has is an error with what may have been meant, never an empty answer."""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path

from opensqt.cli.reading import Source, fetch
from opensqt.desk.error import CliError
from opensqt.domain.clean_text import cleaned
from opensqt.runtime.config.all import ConfigError, load
from opensqt.runtime.config.strategy_file import read_changes

CLOSE = 0.6
MEANT_MAX = 3
SHOWN_MAX = 10
_NOT_SAID = re.compile(r"[^a-z0-9]")
_SEEN = (
    "SELECT strategy, symbol FROM view.orders UNION SELECT strategy, symbol FROM view.fills"
    " UNION SELECT strategy, symbol FROM view.holdings"
)


async def check_names(source: Source, *, strategy: str = "", symbol: str = "") -> None:
    """Raise `CliError` for a strategy or symbol that is neither configured nor in the journal."""
    if not strategy and not symbol:
        return
    rows = await fetch(source, _SEEN)
    strategies, symbols = _configured(source)
    strategies |= {row["strategy"] for row in rows}
    symbols |= {row["symbol"] for row in rows}
    for option, said, known in (("strategy", strategy, strategies), ("symbol", symbol, symbols)):
        if said and said not in known:
            raise CliError(f"--{option} {cleaned(said)}: {unknown(said, known - {''})}")


def unknown(said: str, known: Iterable[str]) -> str:
    """Say that nobody has this name, and which was meant or which there are."""
    names = sorted(known)
    meant = _meant(said, names)
    if meant:
        return f"nobody of that name; did you mean {' or '.join(meant)}?"
    shown = ", ".join(names[:SHOWN_MAX]) + (", ..." if len(names) > SHOWN_MAX else "")
    return f"nobody of that name (known: {shown or 'none yet'})"


def _meant(said: str, names: list[str]) -> list[str]:
    """Return the names that look alike without their punctuation, the likeliest first."""
    bare: dict[str, list[str]] = {}
    for name in names:
        bare.setdefault(_bare(name), []).append(name)
    wanted = _bare(said)
    alike = difflib.get_close_matches(wanted, bare, n=MEANT_MAX, cutoff=CLOSE)
    longer = [one for one in bare if wanted and one.startswith(wanted) and one not in alike]
    return [name for one in (*alike, *longer) for name in bare[one]][:MEANT_MAX]


def _bare(name: str) -> str:
    return _NOT_SAID.sub("", name.lower())


def _configured(source: Source) -> tuple[set[str], set[str]]:
    """Return what the configuration of the last run names; nothing where it cannot be read any more."""
    if not source.run.config:
        return set(), set()
    try:
        config = load(Path(source.run.config), {}, read_changes(source.data))
    except ConfigError:
        return set(), set()
    symbols = {symbol for one in config.strategies.values() for symbol in one.symbols}
    return set(config.strategies), symbols
