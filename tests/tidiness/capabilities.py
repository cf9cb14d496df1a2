"""docs/capabilities.md from the policies: `python -m tests.tidiness.capabilities --write` writes it."""

import sys

from opensqt.domain.capability import Capability, supports
from opensqt.domain.instruments import Market
from opensqt.domain.venue import Policy
from opensqt.runtime.config.venue_names import built_in_venues
from opensqt.venues.policy import policy_of
from opensqt.venues.port import Venue
from tests.tidiness.source import ROOT

PAGE = ROOT / "docs" / "capabilities.md"
HEAD = """# What each venue can be asked

Written by `make rows` from the policies of `opensqt/venues`; not edited by hand. For all of it each market of each
simulated venue is asked over the wire (`tests/contract/test_venue_capabilities.py`). A cell without `yes` raises
`NotSupported` before anything is sent, naming venue, market and capability; it is never answered with an empty list. A
number is how many orders one request holds.

"""


def page() -> str:
    """Return docs/capabilities.md."""
    markets = [(policy_of(venue), market) for venue in built_in_venues() for market in Market]
    names = [f"{policy.venue} {market}" for policy, market in markets]
    lines = [_row(("capability", *names, "what it does")), "|---" * (len(names) + 2) + "|\n"]
    for capability in Capability:
        cells = (_cell(policy, market, capability) for policy, market in markets)
        lines.append(_row((f"`{capability}`", *cells, _summary(capability))))
    return HEAD + "".join(lines)


def _cell(policy: Policy, market: Market, capability: Capability) -> str:
    if not supports(policy, market, capability):
        return "`NotSupported`"
    most = {Capability.PLACE_BATCH: policy.places_max, Capability.CANCEL_BATCH: policy.cancels_max}
    return f"yes, {most[capability][market]}" if capability in most else "yes"


def _summary(capability: Capability) -> str:
    """Return the first line of what the port says of its method."""
    told: str = getattr(Venue, capability).__doc__
    return told.splitlines()[0]


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/capabilities.md is not what the policies say: run `make rows`")
