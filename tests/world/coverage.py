"""Which fault met orders in which state, as a table."""

from collections import Counter

from tests.world.faults import Kind
from tests.world.register import PHASES

LEFT_OUT = (
    "no column `placed`: IntentPlaced and Submitting are one commit, so no order is ever seen between them;"
    " before it the intent is `approved`"
)


def table(met: Counter[tuple[str, str]]) -> str:
    """Return the table fault x state of living orders, counted in faults."""
    lines = [f"{'fault':26}" + "".join(f"{phase:>16}" for phase in PHASES)]
    for kind in Kind:
        cells = "".join(f"{met[kind.value, phase]:>16}" for phase in PHASES)
        lines.append(f"{kind.value:26}{cells}")
    return "\n".join((*lines, LEFT_OUT))


def empty(met: Counter[tuple[str, str]]) -> list[str]:
    """Return the cells that nothing has met."""
    return [
        f"{kind.value} x {phase}" for kind in Kind for phase in PHASES if not met[kind.value, phase]
    ]
