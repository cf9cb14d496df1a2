"""Start the executor of one account: wiring, no logic."""

import argparse
import sys

from opensqt.runtime.process import Needs, run_service
from services.executor.config import build

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="services.executor")
    parser.add_argument("--account", required=True, help="name of the account in the configuration")
    account = parser.parse_args().account
    # A kill is obeyed before any server but the venue has answered.
    needs = Needs(at_once=True)
    sys.exit(run_service(f"executor-{account}", lambda context: build(context, account), needs))
