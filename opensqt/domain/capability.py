"""What may be asked of a venue's account, and the error of asking for what a market does not have. Pure."""

from enum import StrEnum

from opensqt.domain.instruments import Market, market_of
from opensqt.domain.venue import Policy


class Capability(StrEnum):
    """What the port of a venue offers, each by the name of its method."""

    PLACE = "place"
    PLACE_BATCH = "place_batch"
    CANCEL = "cancel"
    CANCEL_BATCH = "cancel_batch"
    LOOK = "look"
    OPEN_ORDERS = "open_orders"
    TRADES = "trades"
    ACCOUNT = "account"
    FUNDING_PAID = "funding_paid"
    RULES = "rules"
    PRIVATE = "private"
    ARM_DEAD_MAN = "arm_dead_man"


class NotSupported(ValueError):
    """A market of a venue does not have what it was asked for; nothing was sent."""

    def __init__(self, venue: str, market: Market, capability: Capability) -> None:
        super().__init__(f"{venue} has no {capability} for {market}: nothing was sent")
        self.venue, self.market, self.capability = venue, market, capability


def supports(policy: Policy, market: Market, capability: Capability) -> bool:
    """Tell whether a market of a venue has a capability."""
    match capability:
        case Capability.PLACE_BATCH:
            return policy.places_max.get(market, 1) > 1
        case Capability.CANCEL_BATCH:
            return policy.cancels_max.get(market, 1) > 1
        case Capability.FUNDING_PAID:
            return market is Market.PERP
        case Capability.ARM_DEAD_MAN:
            return policy.dead_man is not None and market in policy.dead_man.markets
        case _:
            return True


def require(policy: Policy, symbol: str, capability: Capability) -> None:
    """Raise `NotSupported` where the market of a symbol does not have a capability."""
    market = market_of(symbol)
    if not supports(policy, market, capability):
        raise NotSupported(policy.venue, market, capability)
