"""Start one strategy by its name: wiring, no logic."""

import argparse
import sys

from opensqt.runtime.process import run_service
from services.strategy.service import build

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="services.strategy")
    parser.add_argument("--name", required=True, help="name of the strategy in the configuration")
    name = parser.parse_args().name
    sys.exit(run_service(f"strategy-{name}", lambda context: build(context, name)))
