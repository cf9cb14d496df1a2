"""Two changes that a replay must notice, or it proves nothing: one digit of a setting, one message less."""

import json
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import msgspec

from opensqt.replay.record import Record, Run, Session
from opensqt.replay.replaying import Replay, ReplayWindow
from opensqt.runtime.strategy.registry import strategy_of
from opensqt.strategies.api import kind_of
from opensqt.strategies.kernel import StrategySpec
from opensqt.strategies.settings import SettingError

INTENTS_MAX = 50  # of one run: a control is over with the first difference


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """One change, what it was made to, and whether the replay noticed."""

    name: str  # digit, message
    changed: str
    strategy: str
    run: int
    differs: bool


async def controls(
    replay: Replay, record: Record, window: ReplayWindow, folder: Path | None
) -> tuple[Control, ...]:
    """Return both controls on the run that says most; none where nothing was said."""
    found = _busiest(record, window)
    if found is None:
        return ()
    session, run = found
    bases = sorted(run.intents[name].intent.basis.sequence for name in window.asked(run))
    until = bases[min(len(bases), INTENTS_MAX) - 1]
    return (
        await _digit(replay, session, run, until, folder),
        await _message(replay, session, run, until, bases[min(len(bases), INTENTS_MAX) // 2]),
    )


async def _digit(
    replay: Replay, session: Session, run: Run, until: int, folder: Path | None
) -> Control:
    """Change one digit after the other until one is noticed: not every setting decides every intent."""
    name, tried = run.start.strategy, ""
    for tried, spec in _changed(run, folder):
        if await replay.differs(session, name, until=until, spec=spec):
            return _control("digit", tried, run, differs=True)
    return _control("digit", tried or "no setting is a number", run, differs=False)


async def _message(
    replay: Replay, session: Session, run: Run, until: int, sequence: int
) -> Control:
    differs = await replay.differs(session, run.start.strategy, until=until, without=sequence)
    return _control("message", f"FEED {sequence} left out", run, differs=differs)


def _control(name: str, changed: str, run: Run, *, differs: bool) -> Control:
    start = run.start
    return Control(
        name=name, changed=changed, strategy=start.strategy, run=start.run, differs=differs
    )


def _busiest(record: Record, window: ReplayWindow) -> tuple[Session, Run] | None:
    """Return the run with most intents that are asked for."""
    runs = [
        (len(window.asked(run)), session, run)
        for session in record.sessions
        for run in session.runs.values()
    ]
    count, session, run = max(runs, key=lambda one: one[0], default=(0, None, None))
    return (session, run) if count and session is not None and run is not None else None


def _changed(run: Run, folder: Path | None) -> Iterator[tuple[str, StrategySpec[Any]]]:
    """Yield the strategy of a run with one digit of one setting changed, setting by setting."""
    text = run.start.told
    strategy = strategy_of(kind_of(text), folder)
    told = json.loads(text)
    for name, value in told["settings"].items():
        other = _next_digit(value)
        if other is None:
            continue
        changed = {**told, "settings": {**told["settings"], name: other}}
        try:
            spec = strategy.spec_again(run.start.strategy, json.dumps(changed))
        except (msgspec.ValidationError, SettingError):
            continue
        yield f"{name} {value} became {other}", spec


def _next_digit(value: object) -> object | None:
    """Return a number with another last digit; None for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    text = str(number)
    other = text[:-1] + ("8" if text[-1] == "9" else str(int(text[-1]) + 1))
    return int(other) if isinstance(value, int) else other
