"""What differs between Worlds beside chance: the size of the story, who runs, and the rules of the venue."""

from decimal import Decimal
from enum import StrEnum

import msgspec

from opensqt.runtime.config.schema import PaperRules
from opensqt.simulation.engine.fees import FeeAsset

LONG = 10  # one seed in ten has a long script
HOUSE = 4  # one in four is played by everybody, with a grid and a carry, and so is one long script in ten
HOUSE_AT = 1  # the first seed of a full house
GATES = 3  # one in three trades under Gate's rules: no id is unique, and by-id queries name open orders only
WATCHED = 4  # in one house in four the shipped market_data stands between the market and FEED
RECONCILED = 2  # one house in two has a reconciler
THIRD = FeeAsset(asset="BNB", price_quote=Decimal(600))
SIDED = 5  # one World in five has a second account, where nobody reconciles
SIDED_AT = 2
SIDE, SIDE_EXECUTOR = "side", "side-executor"
ORDER_PATH = ("executor", "risk", "relay")  # run in every World


class FeesIn(StrEnum):
    """In which asset a venue takes its fees of spot trades."""

    THIRD = "a third asset"
    RECEIVED = "what was received"  # the base of a buy and the quote of a sell

    @property
    def asset(self) -> FeeAsset | None:
        """The third asset, None where there is none."""
        return THIRD if self is FeesIn.THIRD else None


class Size(StrEnum):
    """How much of the platform a World plays, and how long."""

    SHORT = "short"
    LONG = "long"
    HOUSE = "full house"
    LONG_HOUSE = "long full house"


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of one World."""

    is_big: bool
    is_house: bool  # strategies and what else runs beside the order path
    has_carry: bool
    has_reconciler: bool
    has_market_data: bool
    has_side: bool  # a second account
    fees_in: FeesIn
    rules: PaperRules

    @property
    def size(self) -> Size:
        """The size of the story."""
        if self.is_house:
            return Size.LONG_HOUSE if self.is_big else Size.HOUSE
        return Size.LONG if self.is_big else Size.SHORT

    @property
    def services(self) -> tuple[str, ...]:
        """The processes that run."""
        more = {
            "grid": self.is_house,
            "arb": self.has_carry,
            "reconciler": self.has_reconciler,
            "market_data": self.has_market_data,
            SIDE_EXECUTOR: self.has_side,
        }
        return (*ORDER_PATH, *(name for name, runs in more.items() if runs))

    @property
    def tick_s(self) -> float:
        """Seconds between two prices: who only looks whether a price is fresh needs few."""
        return 0.25 if self.is_house else 0.5

    @property
    def again_s(self) -> float:
        """Seconds until an unanswered intent is said again."""
        return 0.35 if self.is_house else 1.0

    @property
    def time_step_ms(self) -> int:
        """Milliseconds between two times said on FEED: they wake strategies."""
        return 500 if self.is_house else 1000

    @property
    def faults_max(self) -> int:
        """The most faults that are drawn."""
        return 9 if self.is_house or self.is_big else 6


def setting_of(seed: int) -> Setting:
    """Return the kind of World that a seed is."""
    is_big = seed % LONG == 0
    is_house = seed % HOUSE == HOUSE_AT or seed % (LONG * LONG) == 0
    number = seed // HOUSE  # of the house
    has_reconciler = is_house and number % RECONCILED == 1
    return Setting(
        is_big=is_big,
        is_house=is_house,
        has_carry=is_house,
        has_reconciler=has_reconciler,
        has_market_data=is_house and number // RECONCILED % WATCHED == 0,
        has_side=seed % SIDED == SIDED_AT and not has_reconciler,
        fees_in=tuple(FeesIn)[seed // GATES % len(FeesIn)],
        rules=PaperRules.GATE if seed // GATES % GATES == 0 else PaperRules.BINANCE,
    )
