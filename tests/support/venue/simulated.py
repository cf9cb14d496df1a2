"""How a simulated venue of the house in this process speaks, and how its client reads it."""

from functools import partial

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Policy, Refusal
from opensqt.domain.wallets import wallet_of
from opensqt.simulation.account_orders import VenueTerms
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.views import USUAL, WireManner
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.policy import policy_of
from opensqt.venues.registry import dialect_of

BINANCE = dialect_entry("binance")
STATUSES = {"binance": 400, "okx": 200}  # of an answer that refuses an order
MANNERS = {
    "binance": USUAL,
    "okx": WireManner(
        wallets=(wallet_of(Market),),
        names_only=True,
        tells_ends=True,
        lists_ids=True,
        pushes_wallets=True,
        names_forced=False,
    ),
}


def read_refusal(venue: str, market: Market, raw: bytes) -> Refusal | None:
    """Read a refusal as the client of the wire reads it."""
    dialect = dialect_of(venue)
    answer = VenueResponse(status=STATUSES[venue], body=raw.decode())
    (row,) = dialect.orders.rows(answer, 1) or (dialect.orders.said(answer),)
    return None if row is None else dialect.errors[market].refusals.get(row.name)


def terms(policy: Policy | None = None, venue: str = "binance") -> VenueTerms:
    """Return how a venue speaks, under these assumptions."""
    return VenueTerms(
        policy=policy or policy_of(venue),
        dialect=dialect_entry(venue),
        read_refusal=partial(read_refusal, venue),
        manner=MANNERS[venue],
    )
