"""Which fault met orders in which phase, as a table."""

from collections import Counter

from tests.world.faults import Kind

PHASES = ("placed", "submitting", "unresolved", "accepted", "partial", "cancelrequested")


def table(met: Counter[tuple[str, str]]) -> str:
    """Return the table fault x phase of living orders, counted in faults."""
    lines = [f"{'fault':26}" + "".join(f"{phase:>16}" for phase in PHASES)]
    for kind in Kind:
        cells = "".join(f"{met[kind.value, phase]:>16}" for phase in PHASES)
        lines.append(f"{kind.value:26}{cells}")
    return "\n".join(lines)


def empty(met: Counter[tuple[str, str]]) -> list[str]:
    """Return the cells that nothing has met; `placed` without Submitting exists only inside a commit."""
    return [
        f"{kind.value} x {phase}"
        for kind in Kind
        for phase in PHASES
        if phase != "placed" and not met[kind.value, phase]
    ]
