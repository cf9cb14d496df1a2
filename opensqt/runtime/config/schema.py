"""The shape of `opensqt.toml`: typed tables, their ranges and defaults. Reads nothing and decides nothing."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from opensqt.domain.decimals import ONE, ZERO
from opensqt.domain.ranges import (
    ConfigTable,
    NotNegative,
    Positive,
    PriceCollarBps,
    Range,
    Share,
)
from opensqt.portfolio.allocator import AllocationTerms
from opensqt.portfolio.rebalancer import RebalanceTerms
from opensqt.portfolio.universe import UniverseTerms
from opensqt.risk.breakers.settings import BreakerSettings
from opensqt.runtime.config.alerts import AlertConfig
from opensqt.strategies.settings import Settings

SCHEMA = 1


class Profile(StrEnum):
    """Which world a run trades in."""

    PAPER = "paper"
    TESTNET = "testnet"
    LIVE = "live"


BUILT_PROFILES = frozenset({Profile.PAPER})


class PaperRules(StrEnum):
    """Whose promise about our order ids the paper venue keeps: Binance's, or none at all, as Gate."""

    BINANCE = "binance"
    GATE = "gate"


class OnStop(StrEnum):
    """What happens to open orders at a clean stop; positions always stay."""

    CANCEL = "cancel"
    LEAVE = "leave"


class RunConfig(ConfigTable, frozen=True, kw_only=True):
    """How the desk runs and stops."""

    profile: Profile = Profile.PAPER
    on_stop: OnStop = OnStop.CANCEL


class PaperFunding(ConfigTable, frozen=True, kw_only=True):
    """Funding of one perpetual: `rate` per interval, as a fraction of notional.

    A new paper venue tells that it paid this rate for `past_intervals` before it began.
    """

    rate: Annotated[Decimal, Range(least="-0.05", most="0.05")] = Decimal("0.0001")
    interval_hours: Annotated[int, Range(least="1", most="24")] = 8
    past_intervals: Annotated[int, Range(least="0", most="1000")] = 0


class PaperFees(ConfigTable, frozen=True, kw_only=True):
    """An asset in which accounts pay their spot fees while they hold enough of it, at a fixed price; empty: none.

    Without it the paper venue takes them as Binance does: of what is received, base of a purchase, quote of a sale.
    """

    asset: str = ""
    price_quote: Positive = Decimal(600)


class PaperConfig(ConfigTable, frozen=True, kw_only=True):
    """The paper market and its pace."""

    market: str = "synthetic:7"
    rules: PaperRules = PaperRules.BINANCE
    speed: Annotated[Decimal, Range(above="0", most="100")] = Decimal(1)
    funding: dict[str, PaperFunding] = msgspec.field(default_factory=dict)
    fees: PaperFees = PaperFees()


class VenueConfig(ConfigTable, frozen=True, kw_only=True):
    """How we talk to one venue; times are wall times in ms, rates are per wall second or minute.

    Orders are counted by account, weights by address: all processes together use `rate_budget_share_max` of them. Of
    both, `exit_share_min` is kept for exits. `rate_limits` replace what a venue publishes, by bucket. Fewer places than
    `batch_places_min` go one by one: see ADR 0010.
    """

    deadline_ms: Annotated[int, Range(least="100", most="60000")] = 0  # the venue's own
    visibility_lag_ms: Annotated[int, Range(least="0", most="60000")] = 0  # likewise
    orders_per_s_max: Annotated[Decimal, Range(above="0", most="1000")] = Decimal(25)
    orders_burst_max: Annotated[int, Range(least="1", most="1000")] = 30
    rate_limits: dict[str, Annotated[int, Range(least="1", most="1000000")]] = msgspec.field(
        default_factory=dict
    )
    rate_budget_share_max: Share = Decimal("0.8")
    exit_share_min: Annotated[Decimal, Range(above="0", most="0.5")] = Decimal("0.2")
    batch_places_min: Annotated[int, Range(least="2", most="1000")] = 5
    unproven: bool = False


Leverage = Annotated[int, Range(least="1", most="125")]
SECRETS = ("api_key", "secret", "passphrase", "uid")  # what venues know an account by


class AccountConfig(ConfigTable, frozen=True, kw_only=True):
    """An account at a venue: balances and leverage for paper, references to secrets otherwise.

    `dead_man_s` (wall, 0 is off): the venue cancels all orders of the account when we have been silent for so long.
    """

    venue: str
    balances: dict[str, NotNegative] = msgspec.field(default_factory=dict)
    leverage: Leverage = 5
    dead_man_s: Annotated[int, Range(least="0", most="120")] = 0
    api_key: str = ""
    secret: str = ""
    passphrase: str = ""
    uid: str = ""

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets that are given, by field."""
        given = {name: getattr(self, name) for name in SECRETS}
        return {name: reference for name, reference in given.items() if reference}


class RiskConfig(ConfigTable, frozen=True, kw_only=True):
    """The limits of the gate; notionals in units of `currency`, ages in wall ms.

    `rates` states what one unit of another quote asset is worth in it; a fresh price of the desk's own goes before.
    """

    currency: str = "USDT"
    rates: dict[str, Positive] = msgspec.field(default_factory=dict)
    order_notional_quote_max: Positive = Decimal(2000)
    position_notional_quote_max: Positive = Decimal(20000)
    exposure_notional_quote_max: Positive = ZERO  # not given: five positions
    asset_notional_quote_max: Positive = ZERO  # not given: two positions
    open_orders_max: Annotated[int, Range(least="1", most="10000")] = 100
    price_collar_bps: PriceCollarBps = Decimal(100)
    tick_age_ms_max: Annotated[int, Range(least="100", most="600000")] = 3000
    order_age_ms_max: Annotated[int, Range(least="0", most="2592000000")] = (
        0  # 0: no order is too old
    )
    leverage_max: Leverage = 10
    margin_health_min: Annotated[Decimal, Range(least="0", most="1")] = Decimal("0.4")
    liquidation_distance_bps_min: Annotated[Decimal, Range(least="0", most="10000")] = Decimal(500)
    maintenance_rate: Annotated[Decimal, Range(above="0", most="0.5")] = Decimal("0.05")
    collateral_shares: dict[str, Share] = msgspec.field(default_factory=dict)
    supportable_orders_min: Annotated[int, Range(least="0", most="1000000")] = 0

    def rate(self, asset: str) -> Decimal | None:
        """Return what one unit of a quote asset is stated to be worth in `currency`; None where nothing is."""
        return ONE if asset == self.currency else self.rates.get(asset)


class PortfolioConfig(ConfigTable, frozen=True, kw_only=True):
    """By what pairs are chosen, sized and changed; `sectors` names that of an asset. It proposes, people apply.

    `carry` is what a carry that is added is told beside its pair and size, in the words of `[strategies.NAME]`; where
    it says nothing it enters at `universe.apr_min` and leaves where holding earns nothing.
    """

    universe: UniverseTerms = UniverseTerms()
    allocation: AllocationTerms = AllocationTerms()
    rebalance: RebalanceTerms = RebalanceTerms()
    sectors: dict[str, str] = msgspec.field(default_factory=dict)
    carry: dict[str, str | int | bool] = msgspec.field(default_factory=dict)


class GatewayConfig(ConfigTable, frozen=True, kw_only=True):
    """Where the live page and gRPC listen; port 0 takes a free one once and keeps it. The files are PEM.

    Off this machine gRPC wants a certificate, and calls over plain HTTP are refused, unless `plaintext_allowed`.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Range(least="0", most="65535")] = 0
    grpc_port: Annotated[int, Range(least="0", most="65535")] = 0
    grpc_certificate: str = ""
    grpc_private_key: str = ""
    grpc_client_authority: str = ""  # who signs the certificates of callers; empty: none is asked
    plaintext_allowed: bool = False


class TelemetryConfig(ConfigTable, frozen=True, kw_only=True):
    """Where traces go; empty means nowhere."""

    otlp_endpoint: str = ""


class BacktestFees(ConfigTable, frozen=True, kw_only=True):
    """The fees of one symbol at the tier that the account has, in bps of what is traded; below 0 is a rebate."""

    maker_bps: Annotated[Decimal, Range(least="-10", most="100")]
    taker_bps: Annotated[Decimal, Range(least="-10", most="100")]


class BacktestQueue(StrEnum):
    """Who leaves a level of the book that shrinks by more than was traded there."""

    BEHIND = "behind"  # those behind our order: no cancel of others brings it nearer
    PROPORTIONAL = "proportional"  # of those before and behind it as many as they are


class BacktestConfig(ConfigTable, frozen=True, kw_only=True):
    """What a backtest assumes of the venue beside what the data shows.

    `latency_ms` passes between a decision and the venue, and again between the venue and the desk. Where the data are
    candles, `volume_share_max` of a candle's volume may be traded with us. `fees` are by symbol.
    """

    latency_ms: Annotated[int, Range(least="0", most="1000")] = 50
    queue: BacktestQueue = BacktestQueue.BEHIND
    volume_share_max: Share = Decimal("0.1")
    fees: dict[str, BacktestFees] = msgspec.field(default_factory=dict)


class Config(ConfigTable, frozen=True, kw_only=True):
    """The whole configuration of a desk."""

    schema: int
    desk: str
    run: RunConfig = RunConfig()
    paper: PaperConfig = PaperConfig()
    backtest: BacktestConfig = BacktestConfig()
    venues: dict[str, VenueConfig]
    accounts: dict[str, AccountConfig]
    strategies: dict[str, Settings]
    risk: RiskConfig = RiskConfig()
    portfolio: PortfolioConfig = PortfolioConfig()
    breakers: BreakerSettings = BreakerSettings()
    gateway: GatewayConfig = GatewayConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    alerts: dict[str, AlertConfig] = msgspec.field(default_factory=dict)

    def symbols(self, venue: str) -> tuple[str, ...]:
        """Return the symbols that strategies trade on this venue, sorted."""
        return tuple(sorted({symbol for where, _, symbol in self.places() if where == venue}))

    def places(self) -> tuple[tuple[str, str, str], ...]:
        """Return what strategies trade, as venue, account and symbol, sorted."""
        found = {
            (self.accounts[strategy.account].venue, strategy.account, symbol)
            for strategy in self.strategies.values()
            for symbol in strategy.symbols
        }
        return tuple(sorted(found))
