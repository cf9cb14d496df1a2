"""Gate's balances, positions and bookings into our values; pure. Sizes of perpetuals are contracts."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from opensqt.domain.account import FundingPaid, SnapshotBalance, SnapshotPosition
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market
from opensqt.venues.engine.instrument import trimmed
from opensqt.venues.engine.request import Unreadable, decoded
from opensqt.venues.gate.requests import MS_PER_S, SETTLED_IN, VENUE

SINGLE = "single"


class _SpotHolding(msgspec.Struct, frozen=True):
    currency: str
    available: Decimal
    locked: Decimal = ZERO


class GatePerpAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The wallet of perpetuals: `total` is without what positions would gain; `user` is what its streams ask for."""

    total: Decimal
    available: Decimal
    currency: str
    user: int | str = ""
    in_dual_mode: bool = False
    position_mode: str = SINGLE


class _Held(msgspec.Struct, frozen=True):
    contract: str
    size: Decimal
    entry_price: Decimal = ZERO
    mode: str = SINGLE


class _Booked(msgspec.Struct, frozen=True, kw_only=True):
    time: Decimal
    change: Decimal
    type: str
    contract: str = ""
    text: str = ""


def spot_balances(raw: bytes) -> tuple[SnapshotBalance, ...]:
    """Read the spot wallet; raise `Unreadable`."""
    return tuple(
        SnapshotBalance(
            wallet=Market.SPOT.value,
            asset=row.currency,
            total=trimmed(row.available + row.locked),
            free=trimmed(row.available),
        )
        for row in decoded(raw, list[_SpotHolding])
    )


def perp_balance(raw: bytes) -> SnapshotBalance:
    """Read the wallet of perpetuals; raise `Unreadable`."""
    wire = decoded(raw, GatePerpAccount)
    return SnapshotBalance(
        wallet=Market.PERP.value,
        asset=wire.currency.upper(),
        total=trimmed(wire.total),
        free=max(ZERO, trimmed(wire.available)),
    )


def positions(raw: bytes, symbols: Mapping[str, str]) -> tuple[SnapshotPosition, ...]:
    """Read what is held of symbols that we know; raise `Unreadable`, also for a side of a hedge."""
    found = []
    for row in decoded(raw, list[_Held]):
        if not row.size or row.contract not in symbols:
            continue
        if row.mode != SINGLE:
            raise Unreadable(f"{row.contract} is held in hedge mode ({row.mode})")
        found.append(
            SnapshotPosition(
                symbol=symbols[row.contract],
                quantity=trimmed(row.size),
                entry_price=trimmed(row.entry_price),
            )
        )
    return tuple(found)


def funding_paid(row: bytes, symbols: Mapping[str, str], account: str) -> FundingPaid | None:
    """Read a booking, None where it is of a contract that we do not know; raise `Unreadable`.

    Only newer bookings have an id; a contract pays once at a time, which names the payment.
    """
    wire = decoded(row, _Booked)
    contract = wire.contract or wire.text
    if wire.type != "fund" or contract not in symbols:
        return None
    time_ms = int(wire.time * MS_PER_S)
    return FundingPaid(
        venue=VENUE,
        account=account,
        symbol=symbols[contract],
        asset=SETTLED_IN,
        amount=trimmed(wire.change),
        income_id=f"{contract}:{time_ms}",
        time_ms=time_ms,
    )
