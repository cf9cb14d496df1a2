"""Start risk: wiring, no logic."""

import sys

from opensqt.runtime.process import run_service
from services.risk.service import RiskService

if __name__ == "__main__":
    sys.exit(run_service("risk", RiskService))
