"""Binance, spot and USDⓈ-M: what the engine needs to trade there."""

from opensqt.domain.instruments import Market
from opensqt.domain.wallets import wallet_of
from opensqt.venues.binance.account import BinanceAccountEndpoints
from opensqt.venues.binance.errors import errors_of
from opensqt.venues.binance.feed import BinanceFeedFormat
from opensqt.venues.binance.metadata import BinanceMetadata
from opensqt.venues.binance.orders import BinanceOrderEndpoints, forced
from opensqt.venues.binance.policy import POLICY, RATES
from opensqt.venues.binance.requests import dead_man
from opensqt.venues.binance.rules import VENUE
from opensqt.venues.binance.user_stream import BinanceUserStreamFormat
from opensqt.venues.engine.dialect import Dialect, Tier

DIALECT = Dialect(
    name=VENUE,
    tier=Tier.WIRE,
    policy=POLICY,
    wallets=(wallet_of({Market.SPOT}), wallet_of({Market.PERP})),
    rates=RATES,
    errors={market: errors_of(market) for market in Market},
    metadata=BinanceMetadata(),
    orders=BinanceOrderEndpoints(),
    account=BinanceAccountEndpoints(),
    stream=BinanceUserStreamFormat(),
    feed=BinanceFeedFormat(),
    forced=forced,
    dead_man=dead_man,
)
