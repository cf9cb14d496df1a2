"""Bybit, spot and linear perpetuals of a unified account: what the engine needs to trade there."""

from opensqt.domain.instruments import Market
from opensqt.venues.bybit.account import BybitAccountEndpoints
from opensqt.venues.bybit.errors import errors_of
from opensqt.venues.bybit.feed import BybitFeedFormat
from opensqt.venues.bybit.metadata import BybitMetadata
from opensqt.venues.bybit.orders import BybitOrderEndpoints
from opensqt.venues.bybit.policy import POLICY, RATES
from opensqt.venues.bybit.requests import VENUE
from opensqt.venues.bybit.user_stream import BybitUserStreamFormat
from opensqt.venues.bybit.words import WALLET
from opensqt.venues.engine.dialect import Dialect, Tier

DIALECT = Dialect(
    name=VENUE,
    tier=Tier.WIRE,
    policy=POLICY,
    wallets=(WALLET,),
    rates=RATES,
    errors={market: errors_of(market) for market in Market},
    metadata=BybitMetadata(),
    orders=BybitOrderEndpoints(),
    account=BybitAccountEndpoints(),
    stream=BybitUserStreamFormat(),
    feed=BybitFeedFormat(),
)
