"""Start the reconciler: wiring, no logic."""

import sys

from opensqt.runtime.process import run_service
from opensqt.runtime.process_context import Context
from opensqt.runtime.projection.store import Projections
from services.reconciler.config import NAME, ReconcilerSettings
from services.reconciler.service import Reconciler


def build(context: Context) -> Reconciler:
    """Return the reconciler of this process."""
    return Reconciler(context, Projections(context.postgres.pool), ReconcilerSettings())


if __name__ == "__main__":
    sys.exit(run_service(NAME, build))
