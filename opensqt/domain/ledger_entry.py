"""What the books consist of besides orders, trades and wallets. Values only."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.position import FLAT, Position
from opensqt.domain.strategy_events import AnchorSet

Key = tuple[str, ...]


class LedgerTable(StrEnum):
    """What the books consist of; the names of the projections."""

    ORDERS = "orders"  # by client order id
    FILLS = "fills"  # by venue, account, symbol, trade id
    POSITIONS = "positions"  # by venue, account, symbol
    HOLDINGS = "holdings"  # by strategy, venue, account, symbol
    BALANCES = "balances"  # by venue, account, market, asset
    FUNDING = "funding"  # by venue, account, income id
    STRATEGIES = "strategies"  # by strategy
    SAGAS = "sagas"  # by strategy, saga id
    HALTS = "halts"  # by kind (halt or kill), scope


class Net(msgspec.Struct, frozen=True, kw_only=True):
    """The net of all owners in one symbol; `fees_quote` in quote units at the price of each trade."""

    position: Position = FLAT
    fees_quote: Decimal = ZERO
    last_price: Decimal = ZERO  # of our last trade


class StrategyRun(msgspec.Struct, frozen=True, kw_only=True):
    """The newest run of a strategy and the choice it made last."""

    strategy: str
    run: int = 0
    config_hash: str = ""
    code_version: str = ""
    state_fingerprint: str = ""
    started_ms: int = 0
    fault: str = ""
    anchor: AnchorSet | None = None
