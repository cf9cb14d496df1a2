"""Carries in a rig: how the carry's tests set one up, let the venue answer, and look at it."""

from decimal import Decimal

from opensqt.domain.control import KillReleased
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.market import Funding
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Adjustment, Halted
from opensqt.domain.strategy_events import SagaStep
from opensqt.strategies.carry.settings import CarrySettings
from opensqt.strategies.carry.state import CarryState
from opensqt.strategies.carry.strategy import CARRY
from opensqt.strategies.state import Setup
from tests.simulation.strategy_facts import PERP, SPOT, rules_of
from tests.simulation.strategy_rig import Rig, restarted


def carry_setup(**changes: object) -> Setup[CarrySettings]:
    """Return a carry of at most 900 in clips of 450 at a price of 45 000."""
    values: dict[str, object] = {
        "kind": "carry",
        "account": "main",
        "spot": SPOT,
        "perp": PERP,
        "entry_apr_min": Decimal("0.10"),
        "exit_apr_max": Decimal("0.01"),
        "notional_quote_max": Decimal(910),
        "order_notional_quote": Decimal(455),
        "slippage_bps_max": Decimal(10),
        "holding_hours": Decimal(336),
        "basis_bps_min": Decimal(-1),
        "return_bps_min": Decimal(0),
        "toxic_basis_bps": Decimal(-21),
    }
    told: dict[str, object] = {
        "strategy": "carry",
        "venue": "binance",
        "orders_max": 4,
        "tick_age_ms_max": 3_600_000,
        "funding_age_ms_max": 3_600_000,
    }
    for name, value in changes.items():
        (told if name in Setup.__struct_fields__ else values)[name] = value
    return Setup(settings=CarrySettings(**values), **told)  # type: ignore[arg-type]


def funding_of(rate: str, time_ms: int, interval_hours: int = 8) -> Funding:
    """Return a funding rate, paid every eight hours where nothing else is said."""
    return Funding(
        venue="binance",
        symbol=PERP,
        rate=Decimal(rate),
        interval_hours=interval_hours,
        next_funding_ms=time_ms + 1_000_000,
        time_ms=time_ms,
    )


class CarryRig(Rig[CarryState]):
    """A carry and its surroundings."""

    def __init__(
        self,
        setup: Setup[CarrySettings] | None = None,
        rate: str = "0.0003",
        *,
        fee_asset: str = "USDT",
        **perp: str,
    ) -> None:
        super().__init__(CarryState(setup=setup or carry_setup()), CARRY.ask, CARRY.fold)
        self.fee_asset = fee_asset
        self.feed(rules_of(SPOT, taker_fee="0.001", quantity_step="0.00001"))
        self.feed(rules_of(PERP, **perp))
        self.feed(funding_of(rate, self.now_ms))
        self.start("carry")
        self.prices("45000")

    def prices(self, price: str | Decimal) -> None:
        """Move both legs to a price."""
        self.tick(SPOT, price)
        self.tick(PERP, price)

    def fund(self, rate: str, interval_hours: int = 8) -> None:
        """Let the venue show another funding rate, or another interval."""
        self.feed(funding_of(rate, self.now_ms, interval_hours))

    def next(self) -> PlaceIntent:
        """Return the one intent that waits."""
        (intent,) = self.places()
        return intent

    def take(self, quantity: str | Decimal | None = None) -> PlaceIntent:
        """Let the waiting order fill (all of it by default) and end as an IOC does; return its intent."""
        intent = self.next()
        cid = self.accept(intent)
        amount = intent.quantity if quantity is None else Decimal(quantity)
        if amount > 0:
            self.fill(cid, amount)
        if amount < intent.quantity:
            self.feed(self.expired(cid))
        return intent

    def halts(self) -> list[Halted]:
        """Return the halts that were recorded."""
        return [event for event in self.history if isinstance(event, Halted)]

    def resume(self, scope: str = "strategy/carry") -> None:
        """Let a person release the strategy, or the desk."""
        self.feed(KillReleased(scope=scope, reason="looked", actor="ann", time_ms=self.now_ms))

    def correct(self, symbol: str, quantity: str) -> None:
        """Let the reconciler find that a leg has changed without a trade of ours, by signed base units."""
        self.feed(
            Adjustment(
                venue="binance",
                account="main",
                symbol=symbol,
                strategy="carry",
                quantity=Decimal(quantity),
                evidence_hash="",
                detail="",
                time_ms=self.now_ms,
            )
        )

    def steps(self) -> list[str]:
        """Return the recorded steps."""
        return [event.step for event in self.history if isinstance(event, SagaStep)]

    def restart(self, run: int) -> "CarryRig":
        """Return the next process, which has read the journal and the market."""
        other = CarryRig.__new__(CarryRig)
        Rig.__init__(other, CarryState(setup=self.state.setup), CARRY.ask, CARRY.fold)
        other.fee_asset = self.fee_asset
        market = self.state.market
        shown: list[Event] = [*market.rules.values(), *market.fundings.values()]
        restarted(self, other, "carry", run, shown)
        other.prices("45000")
        return other


def entered(rig: CarryRig) -> None:
    """Let both clips of an entry fill."""
    for _ in range(4):
        rig.take()
    assert rig.steps()[-1] == "neutral"
