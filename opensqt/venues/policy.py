"""A venue's assumptions with the times of its configuration. Pure."""

import msgspec

from opensqt.domain.venue import Policy
from opensqt.runtime.config.schema import PaperRules, VenueConfig
from opensqt.venues.registry import dialect_of


def policy_of(
    venue: str, config: VenueConfig | None = None, *, rules: PaperRules = PaperRules.BINANCE
) -> Policy:
    """Return a venue's assumptions with the times of its configuration; raise `ConfigError` if unknown.

    `rules` are those of the paper venue, which may keep less than the venue's promises about ids. Gate's: id_unique
    "never", no uniqueness is documented, two orders of one `text` are taken (gateapi-go issue 41); by_id_query "open",
    "Operations based on custom IDs can only be checked in pending orders" (get order doc), what has ended is listed.
    """
    policy = dialect_of(venue).policy
    if rules is PaperRules.GATE:
        policy = msgspec.structs.replace(
            policy, id_unique="never", by_id_query="open", from_memory=("visibility_lag_ms",)
        )
    if config is None:
        return policy
    return msgspec.structs.replace(
        policy,
        deadline_ms=config.deadline_ms or policy.deadline_ms,
        visibility_lag_ms=config.visibility_lag_ms or policy.visibility_lag_ms,
        places_min=config.batch_places_min,
    )
