"""A market maker: a bid and an ask around the microprice, both moved against what it holds, wider when it is wild."""

from decimal import Decimal
from typing import Annotated

from opensqt.strategies.api import (
    Decision,
    Event,
    NotNegative,
    Positive,
    Purpose,
    Range,
    SettingError,
    Settings,
    Side,
    Strategy,
    StrategyState,
    TargetOrder,
    aim,
    mean_range_bps,
    microprice,
    quantity_of,
    slot_name,
)

BPS = Decimal("0.0001")
CANDLES_MS = 15 * 60_000
SLOTS = {Side.BUY: slot_name(-1), Side.SELL: slot_name(1)}


class MakerSettings(Settings, frozen=True, kw_only=True):
    """How to quote one perpetual; widths are in bps of the price."""

    symbol: str
    half_spread_bps: Annotated[Decimal, Range(above="0", most="1000")]
    skew_bps: NotNegative = Decimal(5)  # by which a full inventory moves both quotes
    range_share: NotNegative = Decimal(
        "0.5"
    )  # of the mean range of the candles, added to the half spread
    requote_bps: NotNegative = Decimal(1)  # an order this near to where it should be stays
    inventory_notional_quote_max: Positive

    def resolved(self, order_quote_max: Decimal) -> "MakerSettings":
        """Refuse what could never quote both sides."""
        del order_quote_max
        if ":" not in self.symbol:
            raise SettingError("symbol", self.symbol, "a perpetual like BTC/USDT:USDT")
        if self.inventory_notional_quote_max < self.order_notional_quote:
            least = f"at least order_notional_quote = {self.order_notional_quote}"
            raise SettingError(
                "inventory_notional_quote_max", self.inventory_notional_quote_max, least
            )
        return self


def decide(state: StrategyState, event: Event) -> Decision:
    """Quote both sides; where one side closes what is held, it closes all of it at most."""
    del event  # every event is a reason to look again
    told: MakerSettings = state.settings
    fair = microprice(state.market.ticks[told.symbol])
    held = state.position().quantity
    fullness = held * fair / told.inventory_notional_quote_max  # -1 short to 1 long
    fair -= fair * told.skew_bps * BPS * fullness
    candles = state.market.candles.get(told.symbol, ())
    half_bps = told.half_spread_bps + told.range_share * mean_range_bps(candles)
    orders = [quote(state, side, fair - side.sign * fair * half_bps * BPS) for side in Side]
    return aim(state, orders, note=f"fair {fair:.2f}, half spread {half_bps:.1f} bps")


def quote(state: StrategyState, side: Side, price: Decimal) -> TargetOrder:
    """Return the order of one side at about this price."""
    told: MakerSettings = state.settings
    quantity = quantity_of(told.order_notional_quote, price, state.market.rules[told.symbol])
    against = max(-side.sign * state.position().quantity, Decimal(0))  # what this side would close
    if against > 0:
        quantity = min(quantity, against)
    return TargetOrder(
        slot=SLOTS[side],
        side=side,
        price=price,
        quantity=quantity,
        purpose=Purpose.CLOSE if against > 0 else Purpose.OPEN,
        reason=f"{side} around {price:.2f}",
        price_slack=price * told.requote_bps * BPS,
    )


MAKER = Strategy(
    settings=MakerSettings,
    decide=decide,
    channels=("tick", "rules", "status", "candle"),
    lookback_ms=CANDLES_MS,
)
