"""What an account must have before an order and keep after it, each limit at its boundary."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import Purpose
from opensqt.domain.recon_events import Transferred
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import judge
from tests.unit.risk.risk_books import (
    LIMITS,
    NOW_MS,
    SEAT,
    SYMBOL,
    at,
    fill,
    intent,
    live,
    money,
    of,
    rules,
    state,
    tick,
)

OFF = msgspec.structs.replace(
    LIMITS,
    open_orders_max=50,
    order_notional_quote_max=Decimal(100_000),
    position_notional_quote_max=Decimal(100_000),
    maintenance_rate=Decimal("0.05"),
    leverage_max=Decimal(100),
)
SPOT = "BTC/USDT"
PRICE = Decimal("50000.1")  # an order counts at the dearer of its own price and the ask
FULL = Decimal("0.100")


def _verdict(
    books: RiskState, limits: StrategyLimits, **changes: Any
) -> RiskApproved | RiskRefused:
    verdict = judge(books, intent(**changes), limits, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskApproved | RiskRefused)
    return verdict


def _reason(books: RiskState, limits: StrategyLimits, **changes: Any) -> str:
    verdict = _verdict(books, limits, **changes)
    return verdict.reason if isinstance(verdict, RiskRefused) else ""


def _limited(**limits: str) -> StrategyLimits:
    return msgspec.structs.replace(OFF, **{name: Decimal(value) for name, value in limits.items()})


def _spot(*messages: Any) -> RiskState:
    seen = msgspec.structs.replace(tick(), symbol=SPOT)
    filters = msgspec.structs.replace(rules(), symbol=SPOT, market=Market.SPOT)
    return state(seen, filters, *messages)


@pytest.mark.row("E09")
def test_the_perpetuals_of_an_account_are_worth_so_many_times_its_equity() -> None:
    """5000.01 at three times 1666.67: a cent of equity less and it is refused. Other accounts have their own money."""
    limits = _limited(leverage_max="3")
    assert _reason(state(money("1666.67")), limits, quantity=FULL) == ""
    assert _reason(state(money("1666.66")), limits, quantity=FULL) == "leverage"
    assert _reason(state(money("1666.67", account="second")), limits, quantity=FULL) != ""


@pytest.mark.row("E09")
def test_everything_open_in_other_perpetuals_counts_for_leverage() -> None:
    """Resting and held, of any strategy, at worst; spot needs no margin."""
    limits, half = _limited(leverage_max="3"), FULL / 2
    for elsewhere, reason in (
        (at(of(live("x", Side.SELL, "50000.1", "0.050"), "carry"), "ETH/USDT:USDT"), "leverage"),
        (at(of(fill("x", Side.BUY, "0.051"), "carry"), "ETH/USDT:USDT"), "leverage"),
        (at(of(fill("x", Side.BUY, "0.051"), "carry"), "ETH/USDT"), ""),
    ):
        books = state(money(1650), money(9000, wallet="spot"), elsewhere)
        books.prices.traded(("main", "ETH/USDT:USDT"), PRICE)
        assert _reason(books, limits, quantity=half) == reason or reason == ""
        assert _reason(books, limits, quantity=FULL) == (reason or "leverage")


@pytest.mark.row("E16")
def test_equity_follows_prices_fees_funding_and_transfers() -> None:
    """What was paid for a position and what it is worth now; all that came in or went out besides."""
    paid = FundingPaid(
        venue="binance",
        account="main",
        symbol=SYMBOL,
        asset="USDT",
        amount=Decimal(-7),
        income_id="1",
        time_ms=NOW_MS,
    )
    moved = Transferred(
        venue="binance",
        account="main",
        asset="USDT",
        amount=Decimal(40),
        from_wallet="perp",
        to_wallet="spot",
        time_ms=NOW_MS,
    )
    books = state(money(1000), fill("a", Side.BUY, "0.010"), paid, moved)
    dearer = {"bid_price": Decimal(51_000), "ask_price": Decimal(51_000)}
    books.fold(msgspec.structs.replace(tick(), **dearer))
    grounds = _verdict(books, OFF, price=Decimal(51_000)).grounds
    assert grounds is not None
    assert grounds.funds is not None
    assert grounds.funds.equity == 1000 + 10 - Decimal("0.1") - 7 - 40
    books.fold(fill("b", Side.SELL, "0.010"))
    grounds = _verdict(books, OFF, price=Decimal(51_000)).grounds
    assert grounds is not None
    assert grounds.funds is not None
    assert grounds.funds.equity == 1000 - Decimal("0.2") - 7 - 40, "left at 50,000 as it came"


@pytest.mark.row("E16")
def test_money_that_nobody_knows_opens_nothing() -> None:
    """No balance, or a position that nobody can value: openings are refused, an exit passes."""
    assert _reason(state(), OFF) == "funds_unknown"
    assert _reason(_spot(), OFF, symbol=SPOT) == "funds_unknown"
    held = state(fill("a", Side.BUY, "0.010"))
    close = {"side": Side.SELL, "price": Decimal("50050.0"), "purpose": Purpose.CLOSE}
    assert _reason(held, OFF, **close) == ""
    unlimited = msgspec.structs.replace(OFF, leverage_max=None)
    assert _reason(state(), unlimited) == ""


@pytest.mark.row("E16")
def test_the_margin_after_an_order_is_simulated_and_must_be_sound() -> None:
    """0.1 at 50,000.1 wants 250.0005 of maintenance, 300.0006 with its buffer: a tenth of 3000.006."""
    limits = _limited(margin_health_min="0.9")
    assert _reason(state(money("3000.006")), limits, quantity=FULL) == ""
    assert _reason(state(money("3000.005")), limits, quantity=FULL) == "margin_health"
    assert _reason(state(money("3000.005")), limits, quantity=Decimal("0.099")) == ""


@pytest.mark.row("E16")
@pytest.mark.parametrize("side, enough", [(Side.BUY, "725.01"), (Side.SELL, "775.01")])
def test_the_price_may_move_so_far_before_a_liquidation(side: Side, enough: str) -> None:
    """A tenth of 5000.01 is lost then, and the maintenance is that of what is left, or of what it has become."""
    limits = _limited(liquidation_distance_bps_min="1000")
    wish = {"side": side, "price": Decimal(50_000), "quantity": FULL}
    assert _reason(state(money(enough)), limits, **wish) == ""
    less = state(money(str(Decimal(enough) - Decimal("0.02"))))
    assert _reason(less, limits, **wish) == "liquidation_distance"


@pytest.mark.row("E16")
def test_a_spot_order_gives_what_is_free() -> None:
    """In quote for a buy, in coins for a sell; resting orders of ours have given theirs already."""
    buy = {"symbol": SPOT, "price": Decimal(50_000), "quantity": Decimal("0.010")}
    sell = buy | {"side": Side.SELL}
    for amount, reason in (("500", ""), ("499.99", "balance")):
        assert _reason(_spot(money(amount, wallet="spot")), OFF, **buy) == reason
    for amount, reason in (("0.010", ""), ("0.009", "balance")):
        books = _spot(money(1, wallet="spot"), money(amount, "BTC", "spot"))
        assert _reason(books, OFF, **sell) == reason
    resting = at(live("x", Side.BUY, "49000", "0.010"), SPOT)
    for amount, reason in (("990", ""), ("989.99", "balance")):
        assert _reason(_spot(money(amount, wallet="spot"), resting), OFF, **buy) == reason
    bought = _spot(money(1000, wallet="spot"), at(fill("y", Side.BUY, "0.010"), SPOT))
    assert _reason(bought, OFF, **buy) == "balance", "500 and the fee are spent"


@pytest.mark.row("E16")
def test_coins_in_a_wallet_of_both_markets_count_at_their_share() -> None:
    """Bought coins that count for less, or for nothing, lower the health; what is sold short never raises it."""
    joint, limits = "perp+spot", _limited(margin_health_min="0.5")
    buy = {"symbol": SPOT, "price": Decimal(50_000), "quantity": Decimal("0.010")}
    owned = of(fill("a", Side.BUY, "0.020"), "carry")
    books = _spot(money(600, wallet=joint), owned)
    # 0.020 of the perpetual want 50 x 1.2; after the purchase 600 - 500 stand behind them, or nearly all 600.
    assert _reason(books, limits, **buy) == "margin_health"
    shared = msgspec.structs.replace(limits, collateral_share=Decimal("0.9"))
    assert _reason(books, shared, **buy) == ""
    thin = _spot(money(119, wallet=joint), owned)
    assert _reason(thin, limits, **buy | {"side": Side.SELL}) == "margin_health"
