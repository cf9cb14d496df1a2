"""Start market_data for one venue: wiring, no logic."""

import argparse
import os
import random
import sys

from opensqt.runtime.process import Needs, run_service
from opensqt.runtime.process_context import Context
from opensqt.venues.feed_opening import open_feed
from services.market_data.config import NAME
from services.market_data.service import MarketData
from services.market_data.state import PublishPace


def main(arguments: list[str]) -> int:
    """Run until told to stop; return the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m services.{NAME}", description=__doc__)
    parser.add_argument("--venue", required=True, help="a venue of the configuration")
    venue = parser.parse_args(arguments).venue

    def build(context: Context) -> MarketData:
        symbols = context.config.symbols(venue)
        feed = open_feed(
            context.config,
            venue,
            symbols,
            clock=context.clock,
            environ=os.environ,
            jitter=random.Random(venue),
        )
        pace = PublishPace(tick_age_ms_max=context.config.risk.tick_age_ms_max)
        return MarketData(context, feed, venue=venue, symbols=symbols, pace=pace)

    return run_service(f"{NAME}-{venue}", build, Needs(journal=False))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
