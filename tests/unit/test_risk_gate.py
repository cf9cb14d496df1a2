"""The gate: limits, verdicts and what they are based on."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.instruments import InstrumentRules, Market, Side
from opensqt.domain.intent import (
    Basis,
    CancelIntent,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.market import Tick
from opensqt.domain.order import Fill, IntentPlaced, Liquidity, OrderRef
from opensqt.domain.recon import Halted
from opensqt.domain.verdict import RiskApproved, RiskRefused
from services.risk.decide import Judgement, Seat, judge
from services.risk.limits import Limits
from services.risk.state import State

SYMBOL = "BTC/USDT:USDT"
NOW_MS = 1_000_000
BASIS = Basis(generation=1, sequence=10)
SEAT = Seat(epoch=3, config_version="c0ffee", basis=BASIS, opens_from_ms=0)
LIMITS = Limits(
    order_notional_quote_max=Decimal(2000),
    position_notional_quote_max=Decimal(5000),
    open_orders_max=3,
    price_collar_bps=Decimal(100),
    tick_age_ms_max=3000,
)


def _rules() -> InstrumentRules:
    return InstrumentRules(
        venue="binance",
        symbol=SYMBOL,
        market=Market.PERP,
        venue_symbol="BTCUSDT",
        base="BTC",
        quote="USDT",
        tick_size=Decimal("0.1"),
        quantity_step=Decimal("0.001"),
        quantity_min=Decimal("0.001"),
        quantity_max=Decimal(1000),
        notional_min=Decimal(100),
    )


def _tick(time_ms: int = NOW_MS) -> Tick:
    return Tick(
        venue="binance",
        symbol=SYMBOL,
        bid_price=Decimal("49999.9"),
        bid_quantity=Decimal(1),
        ask_price=Decimal("50000.1"),
        ask_quantity=Decimal(1),
        time_ms=time_ms,
        book_sequence=1,
    )


def _intent(**changes: Any) -> PlaceIntent:
    values: dict[str, Any] = {
        "intent_id": "i-1",
        "strategy": "grid-perp",
        "slot": "b1",
        "cycle": 1_000_001,
        "venue": "binance",
        "account": "main",
        "symbol": SYMBOL,
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "time_in_force": TimeInForce.POST_ONLY,
        "price": Decimal("49950.0"),
        "quantity": Decimal("0.010"),
        "purpose": Purpose.OPEN,
        "created_ms": NOW_MS,
        "valid_until_ms": NOW_MS + 2000,
        "basis": BASIS,
        "reason": "grid level",
    }
    return PlaceIntent(**(values | changes))


def _cancel(**changes: Any) -> CancelIntent:
    values: dict[str, Any] = {
        "intent_id": "c-1",
        "strategy": "grid-perp",
        "venue": "binance",
        "account": "main",
        "symbol": SYMBOL,
        "target_intent_id": "i-1",
        "created_ms": NOW_MS,
        "valid_until_ms": NOW_MS + 2000,
        "basis": BASIS,
        "reason": "out of window",
    }
    return CancelIntent(**(values | changes))


def _ref(client_order_id: str, strategy: str = "grid-perp") -> OrderRef:
    return OrderRef(
        client_order_id=client_order_id,
        intent_id=f"intent-{client_order_id}",
        attempt=1,
        strategy=strategy,
        venue="binance",
        account="main",
        symbol=SYMBOL,
    )


def _live(client_order_id: str, side: Side, price: str, quantity: str = "0.010") -> IntentPlaced:
    return IntentPlaced(
        ref=_ref(client_order_id),
        slot="x",
        cycle=1,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.POST_ONLY,
        price=Decimal(price),
        quantity=Decimal(quantity),
        purpose=Purpose.OPEN,
        reduce_only=False,
        valid_until_ms=NOW_MS + 2000,
        time_ms=NOW_MS,
    )


def _fill(client_order_id: str, side: Side, quantity: str, strategy: str = "grid-perp") -> Fill:
    return Fill(
        ref=_ref(client_order_id, strategy),
        trade_id=f"t-{client_order_id}-{strategy}",
        venue_order_id="1",
        side=side,
        price=Decimal(50000),
        quantity=Decimal(quantity),
        fee=Decimal("0.1"),
        fee_asset="USDT",
        liquidity=Liquidity.MAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=NOW_MS,
    )


def _state(*messages: Any) -> State:
    state = State()
    for message in (_rules(), _tick(), *messages):
        state.fold(message)
    return state


def _refusal(judgement: Judgement) -> str:
    assert isinstance(judgement.verdict, RiskRefused)
    return judgement.verdict.reason


@pytest.mark.row("J10")
def test_an_approval_carries_intent_inputs_basis_and_configuration() -> None:
    """A sound opening is approved, and the verdict alone tells what it was based on."""
    verdict = judge(_state(), _intent(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskApproved)
    assert verdict.place == _intent()
    assert (verdict.risk_epoch, verdict.config_version, verdict.basis) == (3, "c0ffee", BASIS)
    inputs = {i.name: i.value for i in verdict.inputs}
    assert inputs["bid"] == "49999.9"
    assert inputs["orders_open"] == "0"


@pytest.mark.row("J10")
def test_a_refusal_carries_the_same_inputs() -> None:
    """A denied intent is explained by the same figures as an allowed one."""
    verdict = judge(_state(), _intent(quantity=Decimal(1)), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskRefused)
    assert verdict.reason == "order_notional"
    assert {i.name for i in verdict.inputs} >= {"bid", "ask", "net", "now_ms", "price"}


@pytest.mark.row("E09")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"price": Decimal("49950.05")}, "off_tick_size"),
        ({"quantity": Decimal("0.0105")}, "off_quantity_step"),
        ({"quantity": Decimal("0.001")}, "below_notional_min"),
        ({"quantity": Decimal("0.041")}, "order_notional"),
        ({"price": Decimal("49000.0")}, "price_collar"),
        ({"price": Decimal("51000.0")}, "price_collar"),
    ],
)
def test_each_limit_refuses_with_its_code(changes: dict[str, Any], code: str) -> None:
    """An order just beyond one limit is refused by the name of that limit."""
    assert _refusal(judge(_state(), _intent(**changes), LIMITS, SEAT, NOW_MS)) == code


@pytest.mark.row("E09")
def test_the_position_limit_counts_open_orders_at_worst() -> None:
    """What is resting counts as if it filled, so the limit cannot be passed by many small orders."""
    state = _state(_fill("a", Side.BUY, "0.081"), _live("b", Side.BUY, "49900", "0.010"))
    assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == "position_notional"


@pytest.mark.row("E09")
def test_approvals_that_have_not_come_back_count_too() -> None:
    """Between an approval and its order in the journal the gate remembers what it let through."""
    state = _state()
    limits = LIMITS
    for number in range(3):
        intent = _intent(intent_id=f"i-{number}", quantity=Decimal("0.030"))
        verdict = judge(state, intent, limits, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskApproved)
        state.reserve(verdict, intent.price)
    late = _intent(intent_id="i-9", quantity=Decimal("0.030"))
    assert _refusal(judge(state, late, limits, SEAT, NOW_MS)) == "open_orders"
    state.forget(NOW_MS + 10_000)
    assert not state.pending


@pytest.mark.row("E09")
def test_stale_data_blocks_openings_and_not_exits() -> None:
    """Without a fresh price nothing is opened, while what we hold can still be reduced."""
    state = _state(_fill("a", Side.BUY, "0.010"))
    late_ms = NOW_MS + 3001
    opening = _intent(valid_until_ms=late_ms + 1)
    assert _refusal(judge(state, opening, LIMITS, SEAT, late_ms)) == "tick_stale"
    closing = _intent(
        side=Side.SELL,
        price=Decimal("50100.0"),
        purpose=Purpose.CLOSE,
        valid_until_ms=late_ms + 1,
    )
    judgement = judge(state, closing, LIMITS, SEAT, late_ms)
    assert isinstance(judgement.verdict, RiskApproved)
    assert judgement.is_exit
    assert judgement.verdict.reduce_only


def test_reducing_is_judged_against_what_the_strategy_itself_holds() -> None:
    """A close beyond the strategy's own position, or on another's, is judged as an opening."""
    state = _state(_fill("a", Side.BUY, "0.010"), _fill("b", Side.SELL, "0.030", "carry"))
    closing = _intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
    judgement = judge(state, closing, LIMITS, SEAT, NOW_MS)
    assert judgement.is_exit
    assert isinstance(judgement.verdict, RiskApproved)
    assert not judgement.verdict.reduce_only, "the account is net short: the flag would refuse it"
    more = _intent(
        intent_id="i-2",
        side=Side.SELL,
        price=Decimal("50010.0"),
        quantity=Decimal("0.011"),
        purpose=Purpose.CLOSE,
    )
    assert not judge(state, more, LIMITS, SEAT, NOW_MS).is_exit


def test_an_order_that_would_meet_our_own_is_refused() -> None:
    """Two orders of one account never trade with each other."""
    state = _state(_live("a", Side.SELL, "49940"))
    assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == "self_trade"


@pytest.mark.row("E10")
def test_a_kill_refuses_every_place_until_released_and_no_cancel() -> None:
    """Killed means that nothing new is sent; cancels always pass."""
    latch = KillLatched(scope="desk", reason="enough", actor="alice", time_ms=NOW_MS)
    state = _state(latch, _fill("a", Side.BUY, "0.010"))
    closing = _intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
    assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == "killed"
    assert _refusal(judge(state, closing, LIMITS, SEAT, NOW_MS)) == "killed"
    assert judge(state, _cancel(), LIMITS, SEAT, NOW_MS).is_exit
    state.fold(KillReleased(scope="desk", reason="fine", actor="alice", time_ms=NOW_MS))
    judgement = judge(state, _intent(), LIMITS, SEAT, NOW_MS)
    assert isinstance(judgement.verdict, RiskApproved)


def test_reducing_mode_lets_exits_pass() -> None:
    """A halt in mode REDUCING refuses openings only; HALTED refuses closes, too."""
    for mode, passes in (("REDUCING", True), ("HALTED", False)):
        halt = Halted(scope="binance/main", mode=mode, reason="drift", time_ms=NOW_MS)
        state = _state(halt, _fill("a", Side.BUY, "0.010"))
        closing = _intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
        assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == mode.lower()
        verdict = judge(state, closing, LIMITS, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskApproved) is passes


def test_the_first_verdict_stands() -> None:
    """The same intent gets the same verdict again; other content under its id is a conflict."""
    state = _state()
    first = judge(state, _intent(), LIMITS, SEAT, NOW_MS)
    state.fold(first.verdict)
    again = judge(state, _intent(basis=Basis(generation=1, sequence=99)), LIMITS, SEAT, NOW_MS + 5)
    assert again.repeated
    assert again.verdict == first.verdict
    other = judge(state, _intent(price=Decimal("49940.0")), LIMITS, SEAT, NOW_MS)
    assert _refusal(other) == "intent_conflict"


def test_expired_and_early_intents_are_refused() -> None:
    """Nobody may send after `valid_until`, and a gate that has just started lets no opening through."""
    late_ms = NOW_MS + 2001
    assert _refusal(judge(_state(), _intent(), LIMITS, SEAT, late_ms)) == "expired"
    young = Seat(epoch=4, config_version="c", basis=BASIS, opens_from_ms=NOW_MS + 1)
    assert _refusal(judge(_state(), _intent(), LIMITS, young, NOW_MS)) == "warming_up"


def test_nothing_is_approved_before_the_market_is_known() -> None:
    """Without rules or price an opening is refused by name."""
    state = State()
    assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == "rules_unknown"
    state.fold(_rules())
    assert _refusal(judge(state, _intent(), LIMITS, SEAT, NOW_MS)) == "tick_missing"
