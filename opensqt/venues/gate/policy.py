"""What we assume of Gate and what it publishes as its limits, every value with its source. Holds no behaviour."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import DeadManTimer, Policy
from opensqt.venues.engine.rate_limit import Rate
from opensqt.venues.gate.requests import VENUE

BATCH_MAX = 10

# docs = the venue's documentation of APIv4, and the texts of its own SDK (gate-api 7.2).
# deadline_ms, visibility_lag_ms: ours; they are assumptions to be measured, not documented.
# clock_skew_ms_max: Gate takes what was signed up to 60 s ago, in whole seconds (docs), so that our clock is measured
# against its own before anything is placed, and again each 30 s; the error of that is half of a second at most.
# queue_ms: docs say that `x-gate-exptime` is compared when the request reaches Gate, nothing of the matching engine.
# id_unique "never": no uniqueness of `text` is documented, and two orders of one text were taken (gateapi-go issue 41).
# by_id_query "open": "Operations based on custom IDs can only be checked in pending orders" (docs, spot); perpetuals
# find ended orders 60 s longer, on which nothing rests. What has ended is listed.
# listed_ms: orders of perpetuals that ended without a trade may be gone after ten minutes (docs); they are looked for
# among the newest hundred of a list, for half of that.
# ack "holds": an answer shows the order (docs, action_mode FULL).
# places_max: docs, batch_orders: ten of a pair or contract. cancels: by our id one at a time (see orders).
# dead_man: docs, "Countdown cancel orders" of a market; 5 s at least is from memory, the most is ours.
POLICY = Policy(
    venue=VENUE,
    deadline_ms=2000,
    visibility_lag_ms=1000,
    clock_skew_ms_max=1000,
    queue_ms=1000,
    id_unique="never",
    by_id_query="open",
    dead_man=DeadManTimer(markets=tuple(Market), least_s=5, most_s=120),
    places_max=dict.fromkeys(Market, BATCH_MAX),
    places_min=2,
    listed_ms=300_000,
    from_memory=("visibility_lag_ms", "queue_ms"),
)


def _rate(amount: int, per_s: float) -> Rate:
    return Rate(amount=amount, per_s=per_s, of_address=False)


# docs, "Rate Limits": of an account, places of spot by pair and those of perpetuals together; other endpoints each for
# itself. Market data is of an address, each endpoint for itself.
RATES = {
    f"place_{Market.SPOT}": _rate(10, 1.0),
    f"place_{Market.PERP}": _rate(100, 1.0),
    f"cancel_{Market.SPOT}": _rate(200, 1.0),
    f"cancel_{Market.PERP}": _rate(200, 1.0),
    "read": _rate(200, 10.0),
    "dead_man": _rate(200, 10.0),
    "public": Rate(amount=200, per_s=10.0),
}
