"""In which money limits are counted, and how much one strategy may hold: at the gate, at the executor, in the file."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.instruments import Side, quote_asset
from opensqt.domain.intent import Purpose
from opensqt.domain.market import Tick
from opensqt.domain.verdict import RiskRefused
from opensqt.execution.caps import Caps, SubmissionTerms, obstacle
from opensqt.execution.state import ExecutionState as Books
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import judge
from opensqt.runtime.config.all import ConfigError, parse_config
from opensqt.runtime.config.limits import limits_of
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, fill, intent, live, rules, state, tick

CROSS = "ETH/BTC"
WISH: dict[str, Any] = {
    "symbol": CROSS,
    "price": Decimal("0.05"),
    "quantity": Decimal(1),
}  # 0.05 BTC
FILTERS = msgspec.structs.replace(
    rules(), symbol=CROSS, base="ETH", quote="BTC", tick_size=Decimal("0.0001"),
    notional_min=Decimal("0.0001"), price_max=Decimal(0),
)  # fmt: skip
TOP = msgspec.structs.replace(
    tick(), symbol=CROSS, bid_price=Decimal("0.0500"), ask_price=Decimal("0.0501")
)


def _rate(ask: str, time_ms: int = NOW_MS, symbol: str = "BTC/USDT") -> Tick:
    return msgspec.structs.replace(tick(time_ms), symbol=symbol, ask_price=Decimal(ask))


def _reason(books: RiskState, limits: StrategyLimits = LIMITS, **changes: Any) -> tuple[str, str]:
    verdict = judge(books, intent(**WISH | changes), limits, SEAT, NOW_MS).verdict
    return (verdict.reason, verdict.detail) if isinstance(verdict, RiskRefused) else ("", "")


def _books(*more: Any) -> RiskState:
    books = RiskState()
    for message in (FILTERS, TOP, *more):
        books.fold(message)
    return books


@pytest.mark.row("E09")
@pytest.mark.parametrize("ask, reason", [("39999", ""), ("40001", "order_notional")])
@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTC/USDT:USDT"])
def test_a_limit_in_usdt_bounds_an_order_in_bitcoin(ask: str, reason: str, symbol: str) -> None:
    """0.05 BTC is 2000 USDT at 40,000: the limit is met in its own money, by what a bitcoin costs now."""
    said = _reason(_books(_rate(ask, symbol=symbol)))
    assert said[0] == reason
    assert reason == "" or said[1].endswith("above 2000 USDT")


@pytest.mark.row("E09")
def test_the_position_limit_is_met_in_its_own_money_too() -> None:
    """Two orders of 0.05 BTC are 3,999 USDT, three are more than 5,000."""
    held = msgspec.structs.replace(fill("a", Side.BUY, "2"))
    held = msgspec.structs.replace(held, ref=msgspec.structs.replace(held.ref, symbol=CROSS))
    assert _reason(_books(_rate("39999"), held), strategy="other")[0] == "position_notional"


@pytest.mark.row("E09")
def test_without_a_rate_nothing_opens_and_what_is_held_can_be_sold() -> None:
    """The refusal says how to mend it; an exit needs no rate."""
    reason, detail = _reason(_books())
    assert reason == "rate_unknown"
    assert "BTC" in detail
    assert "[risk.rates]" in detail
    held = fill("a", Side.BUY, "2")
    held = msgspec.structs.replace(held, ref=msgspec.structs.replace(held.ref, symbol=CROSS))
    close: dict[str, Any] = {
        "side": Side.SELL,
        "price": Decimal("0.0502"),
        "purpose": Purpose.CLOSE,
    }
    assert _reason(_books(held), **close) == ("", "")


@pytest.mark.row("E09")
def test_an_old_price_is_no_rate_and_the_stated_one_takes_its_place() -> None:
    """A rate has an age: behind the limit of ticks only what the configuration states is left."""
    old = _books(_rate("30000", NOW_MS - 3001))
    assert _reason(old)[0] == "rate_unknown"
    stated = msgspec.structs.replace(LIMITS, rate_stated=Decimal(41_000))
    assert _reason(old, stated)[0] == "order_notional"
    assert _reason(_books(_rate("30000")), stated)[0] == ""


@pytest.mark.row("E09", "K14")
@pytest.mark.parametrize("side", list(Side))
def test_a_strategy_holds_no_more_than_its_own_bound(side: Side) -> None:
    """Its position and its orders of the side count at worst; what other strategies hold does not."""
    limits = msgspec.structs.replace(LIMITS, inventory_notional_quote_max=Decimal(1600))
    wish = {"side": side, "price": Decimal(50_000) - side.sign * 50}

    def said(*messages: Any) -> str:
        verdict = judge(state(*messages), intent(**wish), limits, SEAT, NOW_MS).verdict
        return verdict.reason if isinstance(verdict, RiskRefused) else ""

    order = live("b", side, str(wish["price"]), "0.011")
    assert said(fill("a", side, "0.021")) == ""
    assert said(fill("a", side, "0.021"), order) == "inventory_notional"
    assert said(fill("a", side, "0.023")) == "inventory_notional"
    assert said(fill("a", side, "0.023", "carry")) == ""
    assert said(fill("a", side.opposite, "0.005"), order, fill("c", side, "0.010")) == ""


def test_the_bound_of_a_strategy_comes_from_its_table() -> None:
    """A grid has its own or the default; a carry has room for a hedge at another price; a stranger has none."""
    config = parse_config(derive(["BTC/USDT", "BTC/USDT:USDT"], market="synthetic:7"), {})
    bounds = {
        name: limits_of(config, Decimal(1), name, "BTC/USDT").inventory_notional_quote_max
        for name in ("grid-perp", "carry", "gone")
    }
    assert bounds == {"grid-perp": Decimal("2507.5"), "carry": Decimal(7500), "gone": None}


@pytest.mark.row("K02")
def test_the_executors_caps_are_met_in_their_own_money() -> None:
    """Without a stated rate it cannot weigh the order: it refuses and says where to state it."""
    caps = Caps(orders_max=9, order_notional_max=Decimal(4000), notional_max=Decimal(9000))
    terms = SubmissionTerms(
        now_ms=0, epoch=1, deadline_ms=1, fence_ms=2, valid_until_wall_ms=1, caps=caps
    )

    def said(quantity: int, rates: dict[str, Decimal]) -> str:
        own = msgspec.structs.replace(terms, caps=msgspec.structs.replace(caps, rates=rates))
        wish = intent(**WISH | {"quantity": Decimal(quantity)})
        return obstacle(Books("main"), wish, own, reduce_only=False)

    assert "no rate of BTC in USDT is stated in [risk.rates]" in said(1, {})
    assert said(1, {"BTC": Decimal(60_000)}) == ""
    assert said(2, {"BTC": Decimal(60_000)}).endswith("above 4000 USDT")


def test_the_file_bounds_an_order_in_the_money_of_the_limit() -> None:
    """500 BTC a level at a stated 60,000 is refused before anything starts, with the most that works."""
    text = derive([CROSS], market="synthetic:7")
    assert parse_config(text, {}).risk.currency == "USDT"
    with pytest.raises(ConfigError, match="order_notional_quote"):
        parse_config(text + '\n[risk.rates]\nBTC = "60000"\n', {})


@pytest.mark.parametrize(
    "symbol, asset", [("ETH/BTC", "BTC"), ("BTC/USDC:USDC", "USDC"), ("BTC/USD:BTC", "USD")]
)
def test_the_quote_asset_is_read_from_the_symbol(symbol: str, asset: str) -> None:
    """What it settles in is another thing."""
    assert quote_asset(symbol) == asset
