"""Start the grids: wiring, no logic."""

import sys

from opensqt.runtime.process import run_service
from services.grid.service import build

if __name__ == "__main__":
    sys.exit(run_service("grid", build))
