"""A venue that acts on its own: it books funding, or moves a position that a reconciler will have to find."""

from tests.world.desk import Desk
from tests.world.faults import Fault, Kind
from tests.world.instruments import LOADED
from tests.world.losses import pay, take_away


def strike(desk: Desk, fault: Fault) -> None:
    """Let the venue do it now."""
    if fault.kind is Kind.FUNDING:
        pay(desk.exchange, desk.symbols, fault.count)
    elif "reconciler" in desk.posts:  # nobody else would ever know
        desk.judge.losses.lose(LOADED, take_away(desk.exchange, LOADED))
