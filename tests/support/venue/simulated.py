"""How a simulated Binance in this process speaks, and how its client reads it."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Policy, Refusal
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.venue import VenueTerms
from opensqt.venues.binance.errors import errors_of, row_of
from opensqt.venues.policy import policy_of

BINANCE = dialect_entry("binance")
ERRORS = {market: errors_of(market) for market in Market}


def read_refusal(market: Market, raw: bytes) -> Refusal | None:
    """Read a refusal as the client of the wire reads it."""
    return ERRORS[market].refusals.get(row_of(raw).name)


def terms(policy: Policy | None = None) -> VenueTerms:
    """Return how Binance speaks, under these assumptions."""
    return VenueTerms(
        policy=policy or policy_of(BINANCE.name), dialect=BINANCE, read_refusal=read_refusal
    )
