"""What is said of a kill from afar: who confirmed it, and what is sure of those who did not. Pure."""

from typing import Any

from opensqt.cli.kill import cancelled
from opensqt.cli.kill_from_afar import EXECUTOR, Kill
from opensqt.domain.standby import STANDBY
from opensqt.runtime.questions import Answer


def is_certain(kill: Kill) -> bool:
    """Tell whether no order can leave any more: all that run confirmed it, or none runs and the journal holds it."""
    return not kill.unconfirmed and (bool(kill.confirmed) or kill.recorded)


def lines(scope: str, kill: Kill) -> list[dict[str, Any]]:
    """Return a line for each executor, each server that did not answer, and each account that did not confirm."""
    found = [_answered(scope, answer) for answer in kill.answers]
    told = {answer.process.removeprefix(EXECUTOR) for answer in kill.answers if _leads(answer)}
    found += [
        _line(
            scope,
            f"{EXECUTOR}{account}",
            f"KILLED {scope}: executor-{account} recorded that it obeyed",
        )
        for account in sorted(kill.obeyed - told)
    ]
    found += [_line(scope, "", why, ok=False) for why in kill.silent]
    held = _held(kill)
    found += [
        _line(
            scope,
            f"{EXECUTOR}{account}",
            f"executor-{account} did NOT confirm: {held}; say it again, and look with `opensqt status`",
            ok=False,
        )
        for account in sorted(kill.unconfirmed)
    ]
    if not kill.confirmed and not kill.unconfirmed:
        found.append(_nobody(scope, kill))
    return found


def _answered(scope: str, answer: Answer) -> dict[str, Any]:
    said, process = answer.said, answer.process
    if not said.get("killed"):
        text = f"{process} said: {said.get('why') or 'nothing that is understood'}"
        return _line(scope, process, text, ok=False) | said
    if not _leads(answer):
        return _line(scope, process, f"{process} stands by and latched it as well") | said
    what = "obeys the latch file beside it" if said.get("by_file") else cancelled(said)
    return _line(scope, process, f"KILLED {scope}: {process} {what}") | said


def _leads(answer: Answer) -> bool:
    return bool(answer.said.get("killed")) and not answer.said.get(STANDBY)


def _held(kill: Kill) -> str:
    """Say where the kill waits for an executor that has not heard it."""
    places = ["in the journal"] * kill.recorded + ["on the bus"] * kill.published
    return f"the kill stands {' and '.join(places)}" if places else "nothing took the kill"


def _nobody(scope: str, kill: Kill) -> dict[str, Any]:
    if kill.recorded:
        text = (
            f"latched in the journal: no executor runs, and none that starts sends anything for {scope}"
            " until `opensqt resume`; an order that still stands at the venue is cancelled by the next start"
        )
        return _line(scope, "", text)
    if kill.published:
        text = (
            f"said on the bus: whoever hears it there kills {scope}; NOT confirmed by any executor"
        )
        return _line(scope, "", text, ok=False)
    return _line(scope, "", f"NOT killed: nobody heard the kill of {scope}", ok=False)


def _line(scope: str, process: str, text: str, *, ok: bool = True) -> dict[str, Any]:
    return {"type": "kill", "scope": scope, "process": process, "ok": ok, "detail": text}
