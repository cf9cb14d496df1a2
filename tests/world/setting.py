"""What differs between Worlds beside chance: the length of the script, who runs, and the rules of the venue."""

import msgspec

from opensqt.runtime.config_schema import PaperRules

CARRIES = 3  # one World in three has a carry beside load and grid
GATES = 3  # one in three trades under Gate's rules: no id is unique, and by-id queries name open orders only
WATCHED = 4  # in one in four the shipped market_data stands between the market and FEED
RECONCILED = 2  # one in two has a reconciler
BIG = 10  # one in ten has a long script


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The kind of one World."""

    is_big: bool
    has_carry: bool
    has_reconciler: bool
    has_market_data: bool
    rules: PaperRules


def setting_of(seed: int) -> Setting:
    """Return the kind of World that a seed is."""
    return Setting(
        is_big=seed % BIG == 0,
        has_carry=seed % CARRIES == 0,
        has_reconciler=seed // BIG % RECONCILED == 0,
        has_market_data=seed // 2 % WATCHED == 0,
        rules=PaperRules.GATE if seed // CARRIES % GATES == 0 else PaperRules.BINANCE,
    )
