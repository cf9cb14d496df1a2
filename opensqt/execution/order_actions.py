"""What we may do to an order of ours, by where it stands. Pure; the venue does as it likes."""

from enum import StrEnum

from opensqt.domain.order_state import AT_VENUE, IN_DOUBT, Order, OrderStatus


class OrderAction(StrEnum):
    """What we may do to an order of ours; the venue does as it likes."""

    PLACE = "place"  # append IntentPlaced
    SUBMIT = "submit"  # append Submitting
    DOUBT = "doubt"  # append Unresolved
    CANCEL = "cancel"  # append CancelRequested
    GIVE_UP = "give_up"  # append Expired for an order that was never sent
    DISPROVE = "disprove"  # append NeverPlaced


class IllegalCommand(ValueError):
    """A step of ours that the order's phase does not allow."""


_TABLE: dict[OrderAction, frozenset[OrderStatus]] = {
    OrderAction.PLACE: frozenset({OrderStatus.UNKNOWN}),
    OrderAction.SUBMIT: frozenset({OrderStatus.PLANNED}),
    OrderAction.DOUBT: IN_DOUBT,
    OrderAction.CANCEL: frozenset({OrderStatus.PLANNED}) | IN_DOUBT | AT_VENUE,
    OrderAction.GIVE_UP: frozenset({OrderStatus.PLANNED}),
    OrderAction.DISPROVE: IN_DOUBT,
}


def table() -> dict[OrderAction, frozenset[OrderStatus]]:
    """Return from which phases each step of ours is legal."""
    return dict(_TABLE)


def permit(order: Order, step: OrderAction) -> None:
    """Return if the step is legal now; raise `IllegalCommand` naming phase and step if not."""
    if order.phase not in _TABLE[step]:
        allowed = ", ".join(sorted(_TABLE[step]))
        raise IllegalCommand(
            f"order {order.client_order_id}: cannot {step} while {order.phase} (only while {allowed})"
        )
