"""The planner: from the orders that are wanted and the orders that are there to the fewest places and cancels.

It never changes an order: another price is a cancel first, and a place once the old order has ended.
"""

import functools
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose, TimeInForce

REMEMBERED_MAX = 1024  # names of slots


class TargetOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order of the target set; `slot` may appear once."""

    slot: str  # of an integer: `slot_name`
    side: Side
    price: Decimal  # quote units
    quantity: Decimal  # base units still to be filled
    purpose: Purpose
    time_in_force: TimeInForce = TimeInForce.POST_ONLY
    symbol: str = ""  # empty: the strategy's first one
    reason: str = ""
    price_slack: Decimal = ZERO  # quote units: a living order that lies as near as this stays


class WorkingOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One order that is there or may come: sent, waiting for an answer, or being cancelled."""

    intent_id: str
    slot: str
    side: Side
    price: Decimal
    quantity: Decimal  # base units that may still be filled
    purpose: Purpose
    leaving: bool  # its cancel is on its way


class SkipReason(StrEnum):
    """Why a wanted order is neither there nor placed now."""

    CAP = "cap"  # as many orders as allowed are nearer to the price
    CHANGING = "changing"  # the slot's old order has not ended yet
    ROOM = "room"  # waits for cancelled orders to leave


class SkippedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A wanted order that waits."""

    slot: str
    why: SkipReason
    purpose: Purpose


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do now; `missing` names every wanted order that is not there afterwards."""

    places: tuple[TargetOrder, ...] = ()
    cancels: tuple[str, ...] = ()  # intent ids
    missing: tuple[SkippedOrder, ...] = ()


@functools.lru_cache(maxsize=REMEMBERED_MAX)
def slot_name(level: int) -> str:
    """Return the name of an integer slot in intents, e.g. `g-3`."""
    return f"g{level}"


@functools.lru_cache(maxsize=REMEMBERED_MAX)
def level_of(slot: str) -> int | None:
    """Return the integer of a slot's name, or None where it has none."""
    digits = slot.removeprefix("g")
    if slot == digits or not digits.removeprefix("-").isdecimal():
        return None
    return int(digits)


def plan(
    wants: Sequence[TargetOrder],
    lives: Sequence[WorkingOrder],
    *,
    orders_max: int,
    mid_price: Decimal,
) -> Plan:
    """Return the difference, nearest to `mid_price` first, never more than `orders_max` orders at once."""
    ranked = sorted(wants, key=lambda want: _rank(want, mid_price))
    chosen, beyond = ranked[:orders_max], ranked[orders_max:]
    kept, cancels = _kept({want.slot: want for want in chosen}, lives)
    busy = {live.slot for live in lives}
    room = orders_max - len(lives)
    places: list[TargetOrder] = []
    missing = [_skipped(want, SkipReason.CAP) for want in beyond]
    for want in chosen:
        if want.slot in kept:
            continue
        if want.slot in busy:
            missing.append(_skipped(want, SkipReason.CHANGING))
        elif len(places) >= room:
            missing.append(_skipped(want, SkipReason.ROOM))
        else:
            places.append(want)
    return Plan(places=tuple(places), cancels=tuple(cancels), missing=tuple(missing))


def _skipped(want: TargetOrder, why: SkipReason) -> SkippedOrder:
    return SkippedOrder(slot=want.slot, why=why, purpose=want.purpose)


def _kept(
    wanted: dict[str, TargetOrder], lives: Sequence[WorkingOrder]
) -> tuple[set[str], list[str]]:
    kept: set[str] = set()
    cancels: list[str] = []
    for live in sorted(lives, key=lambda live: live.intent_id):
        want = wanted.get(live.slot)
        if want is not None and live.slot not in kept and not live.leaving and _same(want, live):
            kept.add(live.slot)
        elif not live.leaving:
            cancels.append(live.intent_id)
    return kept, cancels


def _same(want: TargetOrder, live: WorkingOrder) -> bool:
    return (want.side, want.price, want.quantity, want.purpose) == (
        live.side,
        live.price,
        live.quantity,
        live.purpose,
    )


def _rank(want: TargetOrder, mid_price: Decimal) -> tuple[Decimal, int, str]:
    closing_first = 0 if want.purpose is Purpose.CLOSE else 1
    return abs(want.price - mid_price), closing_first, want.slot
