"""What we assume of Bitget and what it publishes as its limits, every value with its source. Holds no behaviour."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import DeadManTimer, Policy
from opensqt.domain.wallets import wallet_of
from opensqt.venues.bitget.requests import ADDRESS, VENUE
from opensqt.venues.engine.rate_limit import Rate

WALLET = wallet_of(Market)  # a unified account has one
BATCH_MAX = 20

# docs = the venue's public documentation of the unified account (v3).
# deadline_ms: ours, and no venue keeps it. An order of v3 has no window of its own (docs of v2 name `receiveWindow`);
# what the gateway refuses is a request that was signed more than 30 s ago (40008).
# queue_ms: therefore these 30 s, from the deadline on: whatever deadline is configured, absence is proved no earlier.
# clock_skew_ms_max: what was signed is compared with 30 s only, so that our clock is measured against the venue's.
# visibility_lag_ms, ack_grace_ms: ours; assumptions to be measured.
# id_unique "never": "the idempotent validity period is six hours (not fully guaranteed)" (docs, place-order). A refused
# duplicate proves that the order is there; nothing rests on the refusal.
# by_id_query "any": "order-info" answers for ended orders by clientOid. For how long is not documented:
# `ended_shown_ms` is from memory, and short.
# ack "promises": an answer names ids and no state, and docs tell to look for an order after 40010, 40725 and 45001.
# places_max, cancels_max: docs, place-batch and cancel-batch of one category.
# dead_man: docs of v3, "CountDown Cancel All": all orders of the account; 5 to 60 s are from memory.
POLICY = Policy(
    venue=VENUE,
    deadline_ms=2000,
    visibility_lag_ms=3000,
    clock_skew_ms_max=1000,
    queue_ms=30_000,
    id_unique="never",
    by_id_query="any",
    ack="promises",
    ack_grace_ms=1000,
    dead_man=DeadManTimer(markets=tuple(Market), least_s=5, most_s=60),
    ended_shown_ms=3_600_000,
    places_max=dict.fromkeys(Market, BATCH_MAX),
    cancels_max=dict.fromkeys(Market, BATCH_MAX),
    from_memory=("visibility_lag_ms", "ended_shown_ms", "cancelReason of ended orders"),
)


def _rate(amount: int) -> Rate:
    return Rate(amount=amount, per_s=1.0, of_address=False)


# docs, "Rate limit" of each endpoint, by account in a second (JKorf's client and ccxt keep the same): a batch is one
# request. An address has 6000 requests in a minute.
RATES = {
    "order": _rate(10),
    "batch": _rate(5),
    "read": _rate(20),
    "fees": _rate(3),
    "dead_man": _rate(1),
    ADDRESS: Rate(amount=6000),
}
