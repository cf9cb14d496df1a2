"""What we assume of OKX and what it publishes as its limits, every value with its source. Holds no behaviour."""

from opensqt.domain.instruments import Market
from opensqt.domain.venue import DeadManTimer, Policy
from opensqt.domain.wallets import wallet_of
from opensqt.venues.engine.rate_limit import Rate

VENUE = "okx"
WALLET = wallet_of(Market)  # the trading account: one wallet for both markets
BATCH_MAX = 20

# deadline_ms, visibility_lag_ms: ours; they are assumptions to be measured, not documented.
# clock_skew_ms_max: OKX takes what was signed up to 30 s ago (docs, 50102), so that our clock is measured against its
# own before anything is placed, and again each 30 s; the error of that is half of a second at most.
# queue_ms: docs say that `expTime` is compared when the request reaches OKX, nothing of the matching engine.
# id_unique "open": `clOrdId` is unique among pending orders (docs, "Place order"; 51016).
# by_id_query "any": "Order details" answers for ended orders, the latest of an id; unfilled cancelled ones are said to
# be gone after two hours, of which `ended_shown_ms` keeps well clear.
# ack "holds": sCode 0 tells that the order is in the system; what it became (a post-only order that would have traded
# is cancelled at once) is told by the stream or a look.
# places_max, cancels_max: docs, "Place multiple orders" and "Cancel multiple orders" (max 20), both markets.
# dead_man: docs, "Cancel all after": all orders of the account, 10 to 120 s.
POLICY = Policy(
    venue=VENUE,
    deadline_ms=2000,
    visibility_lag_ms=500,
    clock_skew_ms_max=1000,
    queue_ms=1000,
    id_unique="open",
    by_id_query="any",
    dead_man=DeadManTimer(markets=tuple(Market), least_s=10, most_s=120),
    places_max=dict.fromkeys(Market, BATCH_MAX),
    places_min=2,
    cancels_max=dict.fromkeys(Market, BATCH_MAX),
    ended_shown_ms=3_600_000,
    from_memory=("visibility_lag_ms", "queue_ms", "ended_shown_ms"),
)


def _rate(amount: int) -> Rate:
    return Rate(amount=amount, per_s=2.0, of_address=False)


# docs, each endpoint's "Rate Limit": of an account in two seconds; places and cancels also by instrument, batches by
# their orders. Market data is of an address.
RATES = {
    "place": _rate(60),
    "place_batch": _rate(300),
    "cancel": _rate(60),
    "cancel_batch": _rate(300),
    "look": _rate(60),
    "open_orders": _rate(60),
    "ended": _rate(40),
    "trades": _rate(10),
    "balances": _rate(10),
    "positions": _rate(10),
    "bills": _rate(5),
    "fees": _rate(5),
    "modes": _rate(5),
    "dead_man": _rate(2),
    "public": Rate(amount=10, per_s=2.0),
}
