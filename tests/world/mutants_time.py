"""Safety lines of time switched off: those that a host whose time somebody sets, or a hasty standby, would cross."""

from opensqt.runtime.journal.sightings import LeaseSightings
from opensqt.runtime.slewed_time import SlewedTime
from tests.world.faults import Kind
from tests.world.mutants import LATE, TAKEN_OVER, Mutant, _one


def _stepped(_: SlewedTime, host_ns: int, __: int) -> int:
    return host_ns


def _seen_silent(sightings: LeaseSightings, name: str, _: float) -> int | None:
    seen = sightings._seen.get(name)
    return None if seen is None else seen.renewals


M = Mutant
OF_TIME = (
    M(name="clock follows the host", patches=_one(SlewedTime, "read", _stepped), focus=(*LATE, *[Kind.OUR_CLOCK] * 6)),
    M(name="standby asks twice", patches=_one(LeaseSightings, "silent", _seen_silent), focus=TAKEN_OVER),
)  # fmt: skip
