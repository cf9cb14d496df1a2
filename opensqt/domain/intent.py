"""What strategies want."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.instruments import Side


class OrderType(StrEnum):
    """How an order is priced."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(StrEnum):
    """How long an order may rest."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class Purpose(StrEnum):
    """Whether an order adds risk or takes it away."""

    OPEN = "open"
    CLOSE = "close"


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What the author of a message had seen of FEED when it decided."""

    generation: int  # feed generation
    sequence: int  # last FEED sequence folded


class PlaceIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for one new order. A new price is a new intent."""

    intent_id: str
    strategy: str
    slot: str  # stable name of the place in the strategy's plan, e.g. b-3
    cycle: int  # rises with every new intent of a slot, never repeats
    venue: str
    account: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    price: Decimal  # 0 for market orders
    quantity: Decimal  # base units
    purpose: Purpose
    created_ms: int  # market time of the decision
    valid_until_ms: int  # market time; later nobody may send it
    basis: Basis
    reason: str


class CancelIntent(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to cancel the order of an earlier place intent."""

    intent_id: str
    strategy: str
    venue: str
    account: str
    symbol: str
    target_intent_id: str
    created_ms: int
    valid_until_ms: int
    basis: Basis
    reason: str
