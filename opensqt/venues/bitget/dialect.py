"""Bitget, spot and linear perpetuals of a unified account: what the engine needs to trade there."""

from opensqt.domain.instruments import Market
from opensqt.venues.bitget import refusals as table
from opensqt.venues.bitget.account import BitgetAccountEndpoints
from opensqt.venues.bitget.feed import BitgetFeedFormat
from opensqt.venues.bitget.metadata import BitgetMetadata
from opensqt.venues.bitget.orders import BitgetOrderEndpoints
from opensqt.venues.bitget.policy import POLICY, RATES, WALLET
from opensqt.venues.bitget.requests import VENUE, dead_man
from opensqt.venues.bitget.user_stream import BitgetUserStreamFormat
from opensqt.venues.engine.dialect import Dialect, ErrorTable, Tier

ERRORS = ErrorTable(
    refusals=table.REFUSALS,
    unknown_to_cancel=table.UNKNOWN_TO_CANCEL,
    unknown_to_look=table.UNKNOWN_TO_LOOK,
    throttles=table.THROTTLES,
    throttle_statuses={429: table.THROTTLE_MS},
    throttle_ms=table.THROTTLE_MS,
    doubts=table.DOUBTS,
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
    ticker_words={Market.SPOT: {"category": "SPOT"}},
    metadata=BitgetMetadata(),
    orders=BitgetOrderEndpoints(),
    account=BitgetAccountEndpoints(),
    stream=BitgetUserStreamFormat(),
    feed=BitgetFeedFormat(),
    dead_man=dead_man,
)
