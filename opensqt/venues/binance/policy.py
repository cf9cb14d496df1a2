"""What we assume of Binance and what it publishes as its limits, every value with its source. Holds no behaviour."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import DeadManTimer, Policy
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.engine.rate_limit import Rate

# deadline_ms, visibility_lag_ms: ours; they are assumptions to be measured, not documented.
# clock_skew_ms_max: a timestamp 1000 ms ahead of its clock is refused (errors.md, -1021).
# queue_ms 0: `recvWindow` is checked again by the matching engine (docs, "Timing security"; usdm -5028).
# id_unique "open": "A unique id among open orders" (binance-spot-api-docs rest-api.md; usdm says the same).
# by_id_query "any": GET order?origClientOrderId answers for closed orders too; usdm drops unfilled cancelled
# ones after 3 days (docs), of which `ended_shown_ms` keeps well clear.
# places_max, cancels_max: usdm "Place Multiple Orders" (max 5) and "Cancel Multiple Orders" (max 10); spot has neither.
# places_min: ours; docs count every batch as five orders of the ten seconds, so that fewer than five are dearer
# together than one by one.
# dead_man: docs, "Auto-Cancel All Open Orders" of usdm, by symbol; spot has none. The range is ours, docs name none.
POLICY = Policy(
    venue=VENUE,
    deadline_ms=2000,
    visibility_lag_ms=500,
    clock_skew_ms_max=1000,
    id_unique="open",
    by_id_query="any",
    dead_man=DeadManTimer(markets=(Market.PERP,), least_s=5, most_s=120),
    places_max={Market.PERP: 5},
    places_min=2,
    cancels_max={Market.PERP: 10},
    from_memory=("visibility_lag_ms", "id_unique of usdm"),
)
# docs, "LIMITS" and exchangeInfo: request weights of an address in a minute.
RATES = {Market.SPOT.value: Rate(amount=6000), Market.PERP.value: Rate(amount=2400)}
