"""The gate: limits, verdicts and what they are based on."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.grounds import Conclusion
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, Purpose
from opensqt.domain.recon_events import Halted, OrderContradicted
from opensqt.domain.verdict import IntentConflict, RiskApproved, RiskRefused
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import Judgement, VerdictContext, blocked, judge
from tests.unit.risk.risk_books import (
    BASIS,
    LIMITS,
    NOW_MS,
    SEAT,
    SYMBOL,
    cancel,
    fill,
    intent,
    live,
    rules,
    state,
)


def _refusal(judgement: Judgement) -> str:
    assert isinstance(judgement.verdict, RiskRefused)
    return judgement.verdict.reason


@pytest.mark.row("J10")
def test_an_approval_carries_intent_inputs_basis_and_configuration() -> None:
    """A sound opening is approved, and the verdict alone tells what it was based on."""
    verdict = judge(state(), intent(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskApproved)
    assert verdict.place == intent()
    assert (verdict.risk_epoch, verdict.config_version, verdict.basis) == (3, "c0ffee", BASIS)
    grounds, concluded = verdict.grounds, verdict.conclusion
    assert grounds is not None
    assert grounds.quote is not None
    assert (grounds.limits, grounds.quote.bid) == (LIMITS, Decimal("49999.9"))
    assert (grounds.exposure.orders_open, grounds.rules) == (0, rules())
    assert concluded == Conclusion(price=Decimal("49950.0"), reducing=False)


@pytest.mark.row("J10")
def test_a_refusal_carries_the_same_inputs() -> None:
    """A denied intent is explained by the same figures as an allowed one."""
    verdict = judge(state(), intent(quantity=Decimal(1)), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskRefused)
    assert verdict.reason == "order_notional"
    allowed = judge(state(), intent(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(allowed, RiskApproved)
    assert (verdict.moment, verdict.grounds) == (allowed.moment, allowed.grounds)


@pytest.mark.row("E09")
@pytest.mark.parametrize(
    "changes, code",
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
    assert _refusal(judge(state(), intent(**changes), LIMITS, SEAT, NOW_MS)) == code


@pytest.mark.row("E09")
def test_the_position_limit_counts_open_orders_at_worst() -> None:
    """What is resting counts as if it filled, so the limit cannot be passed by many small orders."""
    books = state(fill("a", Side.BUY, "0.081"), live("b", Side.BUY, "49900", "0.010"))
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "position_notional"


@pytest.mark.row("E09")
def test_approvals_that_have_not_come_back_count_too() -> None:
    """Between an approval and its order in the journal the gate remembers what it let through."""
    books = state()
    for number in range(3):
        wish = intent(intent_id=f"i-{number}", quantity=Decimal("0.030"))
        verdict = judge(books, wish, LIMITS, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskApproved)
        books.reserve(verdict)
    late = intent(intent_id="i-9", quantity=Decimal("0.030"))
    assert _refusal(judge(books, late, LIMITS, SEAT, NOW_MS)) == "open_orders"
    books.forget(NOW_MS + 10_000)
    assert not books.pending


@pytest.mark.row("E09")
def test_stale_data_blocks_openings_and_not_exits() -> None:
    """Without a fresh price nothing is opened, while what we hold can still be reduced."""
    books = state(fill("a", Side.BUY, "0.010"))
    late_ms = NOW_MS + 3001
    opening = intent(valid_until_ms=late_ms + 1)
    assert _refusal(judge(books, opening, LIMITS, SEAT, late_ms)) == "tick_stale"
    closing = intent(
        side=Side.SELL,
        price=Decimal("50100.0"),
        purpose=Purpose.CLOSE,
        valid_until_ms=late_ms + 1,
    )
    judgement = judge(books, closing, LIMITS, SEAT, late_ms)
    assert isinstance(judgement.verdict, RiskApproved)
    assert judgement.is_exit
    assert judgement.verdict.reduce_only


def test_reducing_is_judged_against_what_the_strategy_itself_holds() -> None:
    """A close beyond the strategy's own position, or on another's, is judged as an opening."""
    books = state(fill("a", Side.BUY, "0.010"), fill("b", Side.SELL, "0.030", "carry"))
    closing = intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
    judgement = judge(books, closing, LIMITS, SEAT, NOW_MS)
    assert judgement.is_exit
    assert isinstance(judgement.verdict, RiskApproved)
    assert not judgement.verdict.reduce_only, "the account is net short: the flag would refuse it"
    more = intent(
        intent_id="i-2",
        side=Side.SELL,
        price=Decimal("50010.0"),
        quantity=Decimal("0.011"),
        purpose=Purpose.CLOSE,
    )
    assert not judge(books, more, LIMITS, SEAT, NOW_MS).is_exit


@pytest.mark.row("J10")
@pytest.mark.parametrize("net_left, exits", [("0", False), ("0.005", False), ("0.010", True)])
def test_a_close_that_nobodys_trades_made_already_is_an_opening(
    net_left: str, *, exits: bool
) -> None:
    """A restored strategy believes in what it sold long ago: its close must take off the account's net as well."""
    gone = Decimal("0.020") - Decimal(net_left)
    books = state(
        fill("a", Side.BUY, "0.020"),
        fill("lost", Side.SELL, str(gone), ""),
        Halted(scope="desk", mode="REDUCING", reason="restored", time_ms=NOW_MS),
    )
    closing = intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
    judgement = judge(books, closing, LIMITS, SEAT, NOW_MS)
    assert judgement.is_exit is exits
    assert isinstance(judgement.verdict, RiskApproved) is exits


def test_an_order_that_would_meet_our_own_is_refused() -> None:
    """Two orders of one account never trade with each other."""
    books = state(live("a", Side.SELL, "49940"))
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "self_trade"


@pytest.mark.row("E10")
def test_a_kill_refuses_every_place_until_released_and_no_cancel() -> None:
    """Killed means that nothing new is sent; cancels always pass."""
    latch = KillLatched(scope="desk", reason="enough", actor="alice", time_ms=NOW_MS)
    books = state(latch, fill("a", Side.BUY, "0.010"))
    closing = intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "killed"
    assert _refusal(judge(books, closing, LIMITS, SEAT, NOW_MS)) == "killed"
    assert judge(books, cancel(), LIMITS, SEAT, NOW_MS).is_exit
    books.fold(KillReleased(scope="desk", reason="fine", actor="alice", time_ms=NOW_MS))
    judgement = judge(books, intent(), LIMITS, SEAT, NOW_MS)
    assert isinstance(judgement.verdict, RiskApproved)


def test_reducing_mode_lets_exits_pass() -> None:
    """A halt in mode REDUCING refuses openings only; HALTED refuses closes, too."""
    for mode, passes in (("REDUCING", True), ("HALTED", False)):
        halt = Halted(scope="binance/main", mode=mode, reason="drift", time_ms=NOW_MS)
        books = state(halt, fill("a", Side.BUY, "0.010"))
        closing = intent(side=Side.SELL, price=Decimal("50010.0"), purpose=Purpose.CLOSE)
        assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == mode.lower()
        verdict = judge(books, closing, LIMITS, SEAT, NOW_MS).verdict
        assert isinstance(verdict, RiskApproved) is passes


def test_the_first_verdict_stands() -> None:
    """The same intent gets the same verdict again; what it was based on may differ."""
    books = state()
    first = judge(books, intent(), LIMITS, SEAT, NOW_MS)
    books.fold(first.verdict)
    again = judge(books, intent(basis=Basis(generation=1, sequence=99)), LIMITS, SEAT, NOW_MS + 5)
    assert again.repeated
    assert again.verdict == first.verdict


@pytest.mark.row("J10")
@pytest.mark.parametrize(
    "said, figures",
    [
        (intent(price=Decimal("49940.0")), {"price": "49950.0 -> 49940.0"}),
        (
            intent(side=Side.SELL, quantity=Decimal("0.011")),
            {"side": "buy -> sell", "quantity": "0.010 -> 0.011"},
        ),
        (cancel(intent_id="i-1"), {"type": "PlaceIntent -> CancelIntent"}),
    ],
)
def test_other_content_under_a_judged_id_is_a_conflict(said: Any, figures: dict[str, str]) -> None:
    """It is no verdict: it names what was said, every field that differs, basis and configuration version."""
    books = state()
    books.fold(judge(books, intent(), LIMITS, SEAT, NOW_MS).verdict)
    conflict = judge(books, said, LIMITS, SEAT, NOW_MS + 7).verdict
    assert isinstance(conflict, IntentConflict)
    assert said in (conflict.place, conflict.cancel)
    assert conflict.detail == ", ".join(f"{name} {change}" for name, change in figures.items())
    assert conflict.time_ms == NOW_MS + 7
    assert (conflict.risk_epoch, conflict.config_version, conflict.basis) == (3, "c0ffee", BASIS)


@pytest.mark.row("J10")
def test_every_verdict_names_its_inputs_and_its_configuration() -> None:
    """Allowed or denied, for whatever reason and at whatever stage: no verdict stands without what it was based on."""
    killed = state(KillLatched(scope="desk", reason="enough", actor="alice", time_ms=NOW_MS))
    late_ms = NOW_MS + 2001
    approval = judge(state(), intent(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(approval, RiskApproved)
    verdicts = [
        judge(state(), intent(), LIMITS, SEAT, NOW_MS),
        judge(state(), intent(), LIMITS, SEAT, late_ms),
        judge(state(), cancel(), LIMITS, SEAT, NOW_MS),
        judge(state(), cancel(), LIMITS, SEAT, late_ms),
        judge(RiskState(), intent(), LIMITS, SEAT, NOW_MS),
        judge(killed, intent(), LIMITS, SEAT, NOW_MS),
        judge(state(), intent(), LIMITS, SEAT, NOW_MS, basis_reached=False),
    ]
    full = blocked(approval, SEAT, NOW_MS, "COMMANDS is full")
    for verdict in (*(judgement.verdict for judgement in verdicts), full):
        assert not isinstance(verdict, IntentConflict)
        assert verdict.moment is not None
        assert (verdict.grounds is None) is (verdict.place is None), verdict
        assert (verdict.config_version, verdict.basis) == ("c0ffee", BASIS)


def test_expired_and_early_intents_are_refused() -> None:
    """Nobody may send after `valid_until`, and a gate that has just started lets no opening through."""
    late_ms = NOW_MS + 2001
    assert _refusal(judge(state(), intent(), LIMITS, SEAT, late_ms)) == "expired"
    young = VerdictContext(epoch=4, config_version="c", basis=BASIS, opens_from_ms=NOW_MS + 1)
    assert _refusal(judge(state(), intent(), LIMITS, young, NOW_MS)) == "warming_up"


def test_nothing_is_approved_before_the_market_is_known() -> None:
    """Without rules or price an opening is refused by name."""
    books = RiskState()
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "rules_unknown"
    books.fold(rules())
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "tick_missing"


def test_a_contradicted_order_halts_its_symbol_until_a_person_releases_the_desk() -> None:
    """When the venue denies what we had recorded as final, nothing is opened there until somebody has looked."""
    contradiction = OrderContradicted(
        client_order_id="q1",
        venue="binance",
        account="main",
        symbol=SYMBOL,
        state="canceled",
        evidence="filled after its end",
        time_ms=NOW_MS,
    )
    books = state(contradiction)
    assert _refusal(judge(books, intent(), LIMITS, SEAT, NOW_MS)) == "reducing"
    books.fold(KillReleased(scope="desk", reason="looked", actor="alice", time_ms=NOW_MS))
    assert isinstance(judge(books, intent(), LIMITS, SEAT, NOW_MS).verdict, RiskApproved)
