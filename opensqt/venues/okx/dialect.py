"""OKX, spot and linear perpetuals: what the engine needs to trade there."""

from opensqt.domain.instruments import Market
from opensqt.venues.engine.dialect import Dialect, ErrorTable, Tier
from opensqt.venues.okx import refusals as table
from opensqt.venues.okx.account import OkxAccountEndpoints
from opensqt.venues.okx.feed import OkxFeedFormat
from opensqt.venues.okx.metadata import OkxMetadata
from opensqt.venues.okx.orders import OkxOrderEndpoints
from opensqt.venues.okx.policy import POLICY, RATES, VENUE, WALLET
from opensqt.venues.okx.requests import dead_man
from opensqt.venues.okx.user_stream import OkxUserStreamFormat

ERRORS = ErrorTable(
    refusals={str(row.code): row.kind for row in table.ROWS},
    unknown_to_cancel=table.UNKNOWN_TO_CANCEL,
    unknown_to_look=table.UNKNOWN_TO_LOOK,
    throttles=table.THROTTLES,
    throttle_statuses={429: table.THROTTLE_MS},
    throttle_ms=table.THROTTLE_MS,
    doubts=table.IN_DOUBT,
)
DIALECT = Dialect(
    name=VENUE,
    tier=Tier.WIRE,
    policy=POLICY,
    wallets=(WALLET,),
    rates=RATES,
    errors=dict.fromkeys(Market, ERRORS),
    secrets=("api_key", "secret", "passphrase"),
    measures_clock=True,
    metadata=OkxMetadata(),
    orders=OkxOrderEndpoints(),
    account=OkxAccountEndpoints(),
    stream=OkxUserStreamFormat(),
    feed=OkxFeedFormat(),
    dead_man=dead_man,
)
