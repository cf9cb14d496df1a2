"""Gate, spot and USDT-settled perpetuals of a classic account: what the engine needs to trade there."""

from opensqt.domain.instruments import Market
from opensqt.venues.engine.dialect import Dialect, ErrorTable, Tier
from opensqt.venues.gate import refusals as table
from opensqt.venues.gate.account import GateAccountEndpoints
from opensqt.venues.gate.feed import GateFeedFormat
from opensqt.venues.gate.metadata import GateMetadata
from opensqt.venues.gate.orders import GateOrderEndpoints
from opensqt.venues.gate.policy import POLICY, RATES
from opensqt.venues.gate.requests import VENUE, dead_man
from opensqt.venues.gate.user_stream import GateUserStreamFormat

ERRORS = ErrorTable(
    refusals={row.label: row.kind for row in table.ROWS},
    unknown_to_cancel=table.GONE,
    unknown_to_look=table.NO_ORDER,
    throttles=table.THROTTLES,
    throttle_statuses={429: table.THROTTLE_MS},
    throttle_ms=table.THROTTLE_MS,
    doubts=table.IN_DOUBT,
)
DIALECT = Dialect(
    name=VENUE,
    tier=Tier.WIRE,
    policy=POLICY,
    wallets=(Market.SPOT.value, Market.PERP.value),
    rates=RATES,
    errors=dict.fromkeys(Market, ERRORS),
    measures_clock=True,
    metadata=GateMetadata(),
    orders=GateOrderEndpoints(),
    account=GateAccountEndpoints(),
    stream=GateUserStreamFormat(),
    feed=GateFeedFormat(),
    dead_man=dead_man,
)
