"""What we assume of each venue, every value with its source. Holds no behaviour."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.domain.venue import Policy
from opensqt.runtime.config.schema import PaperRules, VenueConfig

# deadline_ms, visibility_lag_ms: ours, from [venues.<name>]; they are assumptions to be measured, not documented.
# clock_skew_ms_max: binance refuses a timestamp 1000 ms ahead of its clock (errors.md, -1021).
# id_unique "open": "A unique id among open orders" (binance-spot-api-docs rest-api.md; usdm says the same).
# by_id_query "any": GET order?origClientOrderId answers for closed orders too; usdm drops unfilled cancelled
# ones after 3 days (docs), which is far beyond any fence.
# Gate's rules on paper. id_unique "never": no uniqueness is documented, two orders of one `text` are taken
# (gateapi-go issue 41). by_id_query "open": "Operations based on custom IDs can only be checked in pending orders"
# (get order doc); what has ended is found in the listing of ended orders.
# places_max, cancels_max: usdm "Place Multiple Orders" (max 5) and "Cancel Multiple Orders" (max 10); spot has neither.
# places_min: ours, from [venues.<name>]; docs count every batch as five orders of the ten seconds, so that fewer than
# five are dearer together than one by one.
# dead_man_timer False: usdm has countdownCancelAll, spot has none; an account holds both.
_POLICIES: dict[str, Policy] = {
    "binance": Policy(
        venue="binance",
        deadline_ms=2000,
        visibility_lag_ms=500,
        clock_skew_ms_max=1000,
        id_unique="open",
        by_id_query="any",
        dead_man_timer=False,
        places_max={Market.PERP: 5},
        places_min=2,
        cancels_max={Market.PERP: 10},
        from_memory=("visibility_lag_ms", "id_unique of usdm"),
    ),
}


def policy_of(
    venue: str, config: VenueConfig | None = None, *, rules: PaperRules = PaperRules.BINANCE
) -> Policy:
    """Return a venue's assumptions with the times of its configuration; raise `LookupError` if unknown.

    `rules` are those of the paper venue, whose dialect may keep less than Binance's promises about ids.
    """
    try:
        policy = _POLICIES[venue]
    except KeyError as error:
        known = ", ".join(_POLICIES)
        raise LookupError(f"venue {venue!r} is not supported (known: {known})") from error
    if rules is PaperRules.GATE:
        policy = msgspec.structs.replace(
            policy,
            id_unique="never",
            by_id_query="open",
            from_memory=("visibility_lag_ms",),
        )
    if config is None:
        return policy
    return msgspec.structs.replace(
        policy,
        deadline_ms=config.deadline_ms,
        visibility_lag_ms=config.visibility_lag_ms,
        places_min=config.batch_places_min,
    )
