"""Approvals that risk did not give: whoever may write on the bus says them where an executor listens."""

import random
from collections.abc import Callable
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, OrderType, PlaceIntent, Purpose, TimeInForce
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.bus.port import Stream
from tests.support.approvals import KEY, STRANGER
from tests.world.instruments import LOADED

SUBJECT, STREAM = "cmd.open.binance.main.BTC-USDT-USDT", Stream.COMMANDS
VALID_MS = 5000  # long enough to become an order


def _unproved(approval: RiskApproved) -> RiskApproved:
    return approval


def _of_another(approval: RiskApproved) -> RiskApproved:
    """A proof that risk really made, for a smaller order."""
    seen = KEY.prove(_sized(approval, Decimal("0.001")))
    return msgspec.structs.replace(approval, proof=seen.proof)


def _sized(approval: RiskApproved, quantity: Decimal) -> RiskApproved:
    place = approval.place
    return msgspec.structs.replace(
        approval, place=place and msgspec.structs.replace(place, quantity=quantity)
    )


WAYS: tuple[Callable[[RiskApproved], RiskApproved], ...] = (_unproved, STRANGER.prove, _of_another)


def forged(draw: random.Random, number: int, now_ms: int, epoch: int) -> Command:
    """Return a command that wants all to be right but its proof; `now_ms` is market time."""
    place = PlaceIntent(
        intent_id=f"forged-{number}",
        strategy="load",
        slot="forged",
        cycle=number,
        venue="binance",
        account="main",
        symbol=LOADED,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(100),
        quantity=Decimal("0.01"),
        purpose=Purpose.OPEN,
        created_ms=now_ms,
        valid_until_ms=now_ms + VALID_MS,
        basis=Basis(generation=1, sequence=1),
        reason="forged",
    )
    approval = RiskApproved(
        intent_id=place.intent_id,
        place=place,
        reduce_only=False,
        risk_epoch=epoch,
        basis=place.basis,
        config_version="forged",
        time_ms=now_ms,
    )
    return Command(approval=draw.choice(WAYS)(approval))
