"""The toxic basis: the perpetual stands on the wrong side of spot, look after look. Pure.

A look is taken at a cadence of its own, so that neither a quick feed nor a repeated funding rate makes a moment last.
The count is of what the market showed: a start begins it anew.
"""

from decimal import Decimal

import msgspec

from opensqt.domain.decimals import BPS, EXACT


class ToxicBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What the last looks saw."""

    looks: int = 0  # in a row that were toxic
    due_ms: int = 0  # market time of the next one
    basis_bps: Decimal = Decimal(0)  # of the last one


def is_toxic(basis_bps: Decimal, direction: int, limit_bps: Decimal) -> bool:
    """Tell whether a basis (perpetual above spot) stands against a carry: `direction` 1 is long spot, -1 the reverse.

    A limit of -5 bps: long spot is left where the perpetual is more than 5 bps below it, short spot where it is above.
    """
    return basis_bps * direction < limit_bps


def looked(
    before: ToxicBasis, spot_mid: Decimal, perp_mid: Decimal, limit_bps: Decimal, due_ms: int
) -> ToxicBasis:
    """Take one look from the middles of both legs; the next is due at `due_ms`."""
    basis_bps = EXACT.divide(perp_mid - spot_mid, spot_mid) / BPS
    looks = before.looks + 1 if is_toxic(basis_bps, 1, limit_bps) else 0
    return ToxicBasis(looks=looks, due_ms=due_ms, basis_bps=basis_bps)
