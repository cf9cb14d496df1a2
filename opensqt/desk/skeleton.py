"""The files that begin a strategy of one's own: one that trades already, and its test. Writes nothing."""

import re

from opensqt.desk.error import CliError

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")

STRATEGY = '''"""{title}: keeps one bid below the price, and sells what it bought above its cost."""

from decimal import Decimal

from opensqt.strategies.api import (
    Decision,
    Event,
    Positive,
    Purpose,
    Settings,
    Side,
    Strategy,
    StrategyState,
    TargetOrder,
    aim,
    quantity_of,
    slot_name,
)

BPS = Decimal("0.0001")
BID, ASK = slot_name(-1), slot_name(1)


class {title}Settings(Settings, frozen=True, kw_only=True):
    """What a configuration says; the name of a number ends in its unit."""

    symbol: str
    distance_bps: Positive
    inventory_notional_quote_max: Positive  # risk holds it to this, too


def decide(state: StrategyState, event: Event) -> Decision:
    """Return the orders that should be at the venue now; the kernel says what is missing and takes back the rest."""
    del event  # every event is a reason to look again
    told: {title}Settings = state.settings
    rules, held = state.market.rules[told.symbol], state.position()
    price = state.mid_price() * (1 - told.distance_bps * BPS)
    bid = TargetOrder(
        slot=BID,
        side=Side.BUY,
        price=price,
        quantity=quantity_of(told.order_notional_quote, price, rules),
        purpose=Purpose.OPEN,
        price_slack=price * BPS,
    )
    if held.quantity < rules.quantity_step:
        return aim(state, [bid])
    ask = TargetOrder(
        slot=ASK,
        side=Side.SELL,
        price=held.entry_price * (1 + told.distance_bps * BPS),
        quantity=held.quantity,
        purpose=Purpose.CLOSE,
        price_slack=price * BPS,
    )
    return aim(state, [bid, ask], note=f"holds {{held.quantity}}")


{upper} = Strategy(settings={title}Settings, decide=decide)
'''

TEST = '''"""{title} on a stage: it buys below the price and sells above its cost."""

from decimal import Decimal

from {name} import ASK, BID, {upper}, {title}Settings

from opensqt.strategies.api import Purpose
from opensqt.strategies.rehearsal import Stage

SETTINGS = {title}Settings(
    kind="{name}",
    account="main",
    symbol="BTC/USDT",
    distance_bps=Decimal(10),
    order_notional_quote=Decimal(500),
    inventory_notional_quote_max=Decimal(2000),
)


def test_it_bids_below_the_price_and_sells_what_it_bought() -> None:
    """10 bps below 50,000 are 49,950; what was bought there is for sale at 49,999.9 or more."""
    stage = Stage({upper}, SETTINGS)
    stage.tick("49999.9", "50000.1")
    assert stage.orders[BID].price == 49_950
    stage.fill(BID)
    stage.tick("49999.9", "50000.1")
    assert stage.orders[ASK].purpose is Purpose.CLOSE
    assert stage.orders[ASK].price >= Decimal("49999.9")
'''

TABLE = """[strategies.{name}]
kind = "{name}"
account = "main"
symbol = "BTC/USDT"
distance_bps = "10"
order_notional_quote = "500"
inventory_notional_quote_max = "2000"
"""


def skeleton(name: str) -> dict[str, str]:
    """Return the texts of both files by name; raise `CliError` for a name that is none."""
    if NAME.fullmatch(name) is None:
        raise CliError(
            f"strategy {name!r}: expected a name of a-z 0-9 _ that begins with a letter, like maker"
        )
    words = {"name": name, "title": name.title().replace("_", ""), "upper": name.upper()}
    return {f"{name}.py": STRATEGY.format(**words), f"test_{name}.py": TEST.format(**words)}


def table(name: str) -> str:
    """Return what a configuration says to run it."""
    return TABLE.format(name=name)
