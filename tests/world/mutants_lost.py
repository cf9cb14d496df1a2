"""Lines switched off that keep a desk going on a bus with noise on it, or on one that lost its streams (ADR 0023)."""

from collections.abc import Callable
from typing import Any

from opensqt.domain.verdict import RiskApproved
from opensqt.runtime.approval_proof import ApprovalKeys, Unproved
from opensqt.runtime.bus import admission, catch_up, dead_letters, entrance
from opensqt.runtime.bus.upkeep import Upkeep
from opensqt.runtime.strategy import runner
from services.executor import command_consumer
from tests.world.faults import Kind
from tests.world.mutants import Mutant, Patch


async def _said_once(*_: Any, **__: Any) -> bool:
    return True


async def _whole(_: Upkeep) -> bool:
    return True


def _always(*_: Any) -> bool:
    return True


def _wordless(*_: Any) -> str:
    return ""


def _believed_by_all() -> list[Patch]:
    """Nothing that is not understood is expected: its reader dies of it."""
    return [(module, "NOT_ADMITTED", ()) for module in (entrance, catch_up, command_consumer)]


def _a_letter_for_each_reader() -> list[Patch]:
    real = dead_letters._bury

    async def bury(bus: Any, name: str, delivery: Any, identity: str, reason: str) -> bool:
        return await real(bus, name, delivery, f"{identity}/{name}", reason)

    return [(dead_letters, "_bury", bury)]


def _one(owner: Any, name: str, value: Any) -> Callable[[], list[Patch]]:
    return lambda: [(owner, name, value)]


def _any_proof(keys: ApprovalKeys, approval: RiskApproved) -> None:
    """A proof of a known key counts, whatever it was made for."""
    if approval.proof is None or approval.proof.key_id not in keys._read_again():
        raise Unproved("mutant")


def _believed(*_: Any) -> None:
    return None


NOISE = (Kind.NOISE,) * 2
LOST = (Kind.STREAM_LOST, Kind.BUS_LOST)
M = Mutant
OF_A_LOST_BUS = (
    M(name="noise not set aside", patches=_one(dead_letters, "_bury", _said_once), focus=NOISE),
    M(name="noise kills its reader", patches=_believed_by_all, focus=NOISE),
    M(name="a letter for each reader", patches=_a_letter_for_each_reader, focus=NOISE),
    M(name="absurd values are believed", patches=_one(admission, "absurdity", _wordless), focus=NOISE),
    M(name="proof not checked", patches=_one(ApprovalKeys, "check", _believed), focus=NOISE),
    M(name="proof of another intent accepted", patches=_one(ApprovalKeys, "check", _any_proof), focus=NOISE),
    M(name="fact without position believed", patches=_one(admission, "_may_be_unrecorded", _always), focus=NOISE * 2),
    M(name="lost stream not made again", patches=_one(Upkeep, "look", _whole), focus=LOST),
    M(name="lost stream not named", patches=_one(Upkeep, "_note", lambda *_: None), focus=LOST),
    M(name="it trades without a bus", patches=_one(runner, "words_for", _wordless), focus=LOST * 3, in_house=True),
)  # fmt: skip
