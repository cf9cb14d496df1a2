"""What we assume of Bybit and what it publishes as its limits, every value with its source. Holds no behaviour."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Policy
from opensqt.venues.bybit.requests import ADDRESS, FEES, LEDGER, READS, VENUE
from opensqt.venues.engine.rate_limit import Rate

# docs = the venue's public documentation of v5.
# deadline_ms: ours. clock_skew_ms_max: "server_time - recv_window <= timestamp < server_time + 1000" (docs, guide).
# queue_ms: that rule is the door's. Behind it "order creation is asynchronous" (docs, order history), and no limit is
# documented for how long a request that was let in may wait: with the deadline it makes the 30 s of the unproven.
# visibility_lag_ms: ours; `order/realtime` is documented as real time, `order/history` as late.
# id_unique "open": docs say "always unique" of perpetuals, "reusable after 360 days" elsewhere (FIX) and nothing of
# spot; nothing here rests on more than the weakest of it.
# by_id_query "any": `order/realtime` finds the newest 500 ended orders by orderLinkId, `order/history` those of seven
# days, but for what was cancelled or refused: those of 24 hours. Both are asked, and `ended_shown_ms` keeps well clear.
# ack "promises": "the ack of create order request indicates that the request is successfully accepted. Please use
# websocket order stream to confirm the order status" (docs, create-order). ack_grace_ms: ours.
# places_max, cancels_max: docs allow 20 of linear and 10 of spot, and count each order: more than ten of linear in
# one request would be more than its rate of a second.
# dead_man none: its DCP is no timer that one sets again; it rests on a private connection that subscribes to it.
POLICY = Policy(
    venue=VENUE,
    deadline_ms=2000,
    visibility_lag_ms=3000,
    clock_skew_ms_max=1000,
    queue_ms=28_000,
    id_unique="open",
    by_id_query="any",
    ack="promises",
    ack_grace_ms=1000,
    ended_shown_ms=12 * 3_600_000,
    places_max={Market.PERP: 10, Market.SPOT: 10},
    cancels_max={Market.PERP: 10, Market.SPOT: 10},
    from_memory=("visibility_lag_ms", "execPnl of trades that are read"),
)
# docs, "Rate Limit Rules": by endpoint and account in a rolling second; 600 requests of an address in five.
RATES = {
    Market.SPOT.value: Rate(amount=20, per_s=1.0, of_address=False),
    Market.PERP.value: Rate(amount=10, per_s=1.0, of_address=False),
    READS: Rate(amount=50, per_s=1.0, of_address=False),
    LEDGER: Rate(amount=25, per_s=1.0, of_address=False),
    FEES: Rate(amount=5, per_s=1.0, of_address=False),
    ADDRESS: Rate(amount=600, per_s=5.0),
}
