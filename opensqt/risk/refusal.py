"""Why an intent is refused: every reason that risk knows, by the text that is recorded and counted. Values only."""

from enum import StrEnum


class RefusalCode(StrEnum):
    """The reason of a refusal. A new limit begins here."""

    # The time and the desk.
    EXPIRED = "expired"
    KILLED = "killed"
    HALTED = "halted"
    REDUCING = "reducing"
    WARMING_UP = "warming_up"
    BASIS_LATE = "basis_late"
    QUEUE_FULL = "queue_full"
    # What is not known.
    RULES_UNKNOWN = "rules_unknown"
    PRICE_UNKNOWN = "price_unknown"
    RATE_UNKNOWN = "rate_unknown"
    TICK_MISSING = "tick_missing"
    TICK_STALE = "tick_stale"
    # Filters and caps of the venue.
    BELOW_QUANTITY_MIN = "below_quantity_min"
    ABOVE_QUANTITY_MAX = "above_quantity_max"
    OFF_QUANTITY_STEP = "off_quantity_step"
    OFF_TICK_SIZE = "off_tick_size"
    BELOW_PRICE_MIN = "below_price_min"
    ABOVE_PRICE_MAX = "above_price_max"
    BELOW_NOTIONAL_MIN = "below_notional_min"
    ABOVE_NOTIONAL_MAX = "above_notional_max"
    VENUE_OPEN_ORDERS = "venue_open_orders"
    VENUE_POSITION = "venue_position"
    # Limits of ours.
    PRICE_COLLAR = "price_collar"
    SELF_TRADE = "self_trade"
    ORDER_NOTIONAL = "order_notional"
    OPEN_ORDERS = "open_orders"
    POSITION_NOTIONAL = "position_notional"
    INVENTORY_NOTIONAL = "inventory_notional"


Broken = tuple[RefusalCode, str]  # and what was seen and allowed, in words
