"""The reconciler's constants, with units. The share of drift that halts is the contract's, not a trader's choice."""

from decimal import Decimal

import msgspec

NAME = "reconciler"
LEASE = "reconciler"


class ReconcilerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the reconciler works; tests shorten the times."""

    lease_ttl_ms: int = 3000
    rows_max: int = 500  # folded before they are projected
    idle_wait_s: float = 0.2
    retry_s: float = 0.2
    marks_every_s: float = 1.0
    state_every_s: float = 1.0  # a position is stated at most this often
    snapshot_rows: int = 5000  # and once more at a clean stop
    grace_ms: int = (
        6000  # wall: by then a sweep of the executor has read what its stream did not tell
    )
    drift_max: Decimal = Decimal("0.05")
