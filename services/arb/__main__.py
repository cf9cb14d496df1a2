"""Start the carries: wiring, no logic."""

import sys

from opensqt.runtime.process import run_service
from services.arb.service import build

if __name__ == "__main__":
    sys.exit(run_service("arb", build))
