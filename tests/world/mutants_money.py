"""Money lines switched off: fees, funding, and what a reconciler corrects."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.account import FundingPaid
from opensqt.domain.journal import NewEvent
from opensqt.execution import events as executed
from services.executor import corrections, snapshots
from services.reconciler import events as reconciled
from tests.world.faults import Kind
from tests.world.mutants import Mutant, Patch

NO_FEE = Decimal(0)
MOVED = (Kind.MOVED,) * 2


def _told_otherwise(owner: Any, name: str, **values: Any) -> Callable[[], list[Patch]]:
    """Let a fact be written with other values."""
    real = getattr(owner, name)

    def wrong(*args: Any) -> NewEvent:
        event: NewEvent = real(*args)
        return msgspec.structs.replace(event, message=_changed(event.message, values))

    return lambda: [(owner, name, wrong)]


def _changed(message: Any, values: dict[str, Any]) -> Any:
    changes = {k: v(getattr(message, k)) for k, v in values.items()}
    return msgspec.structs.replace(message, **changes)


def _funding_paid_for_received() -> list[Patch]:
    real = snapshots.Snapshots._of_account

    def of_account(self: Any, message: Any, *cause: str | int) -> NewEvent:
        if isinstance(message, FundingPaid):
            message = msgspec.structs.replace(message, amount=-message.amount)
        return real(self, message, *cause)

    return [(snapshots.Snapshots, "_of_account", of_account)]


MONEY = (
    Mutant(
        name="fee dropped",
        patches=_told_otherwise(executed, "fill", fee=lambda _: NO_FEE),
    ),
    Mutant(
        name="fee in another asset",
        patches=_told_otherwise(executed, "fill", fee_asset=lambda _: "USDC"),
    ),
    Mutant(
        name="funding with the other sign",
        patches=_funding_paid_for_received,
        focus=(Kind.FUNDING,) * 3,
    ),
    Mutant(
        name="funding never read",
        patches=lambda: [(snapshots.Snapshots, "_read_income", _nobody)],
        focus=(Kind.FUNDING,) * 3,
    ),
    Mutant(
        name="adjusted by twice what was lost",
        patches=_told_otherwise(reconciled, "adjustment", quantity=lambda gap: gap * 2),
        focus=MOVED,
        in_house=True,
    ),
    Mutant(
        name="adjusted the other way",
        patches=_told_otherwise(reconciled, "adjustment", quantity=lambda gap: -gap),
        focus=MOVED,
        in_house=True,
    ),
    Mutant(
        name="executor deaf to adjustments",
        patches=lambda: [(corrections.Corrections, "read_on", _nobody)],
        focus=MOVED,
        in_house=True,
    ),
)


async def _nobody(*_: Any, **__: Any) -> None:
    return None
