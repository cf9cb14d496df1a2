"""Breakers for losses: by our own fills alone, of the desk and of each symbol, the same after every restart."""

from decimal import Decimal
from typing import Any

import pytest

from opensqt.domain.account import FundingPaid
from opensqt.domain.control import KillReleased
from opensqt.domain.instruments import Side
from opensqt.domain.recon_events import Adjustment, Halted, Resumed
from tests.unit.risk.breaker_board import (
    PLACE,
    SCOPE,
    T0_MS,
    Board,
    filled,
    round_trip,
    settings,
)

DESK = "desk_loss desk"
OF_SYMBOL = f"symbol_loss {SCOPE}"
HOUR_MS = 3_600_000


def board(**limits: Any) -> Board:
    """Return a board whose desk has these limits of losses."""
    return Board(settings(desk_loss=limits))


@pytest.mark.row("E06")
def test_losses_in_a_row_open_it_and_a_win_begins_the_count_anew() -> None:
    """Two losses, a win, two losses: nothing; the third in a row opens it."""
    watch = board(losses_in_a_row_max=3)
    for number, sold in enumerate(("99", "99", "101", "99", "98"), start=1):
        watch.tell(*round_trip(number, sold))
        assert watch.at(T0_MS + number * 2000) == []
    watch.tell(*round_trip(6, "97"))
    (opened,) = watch.at(T0_MS + 20_000)
    assert isinstance(opened, Halted)
    assert opened.reason == "3 losses in a row, allowed below 3"
    assert (opened.scope, opened.mode, opened.until_ms) == ("desk", "REDUCING", 0)


@pytest.mark.row("E06")
def test_a_close_is_measured_by_what_its_own_slot_paid_with_fees() -> None:
    """A level bought dear and not sold yet makes no loss of another one that earned; its fees may."""
    watch = board(losses_in_a_row_max=1)
    watch.tell(*filled(1, Side.BUY, "100"))
    watch.tell(*round_trip(2, bought="90", sold="91"))
    assert watch.at(T0_MS + 10_000) == []
    watch.tell(*filled(3, Side.BUY, "90", fee="0.6"), *filled(3, Side.SELL, "91", fee="0.6"))
    watch.at(T0_MS + 20_000)
    assert DESK in watch.not_closed


@pytest.mark.row("E06")
def test_an_order_that_closes_in_parts_counts_once_when_it_has_ended() -> None:
    """Two trades of one closing order are one loss, not two, and none before the order is filled."""
    watch = board(losses_in_a_row_max=2)
    watch.tell(*filled(1, Side.BUY, "100", "2"))
    placed, whole = filled(1, Side.SELL, "90", "2")
    first = _part(whole, "t-1")
    watch.tell(placed, first)
    assert watch.at(T0_MS + 3000) == []
    watch.tell(_part(whole, "t-2"), first)
    assert watch.at(T0_MS + 4000) == []
    watch.tell(*round_trip(3, "99"))
    watch.at(T0_MS + 9000)
    assert DESK in watch.not_closed


def _part(whole: Any, trade_id: str) -> Any:
    return type(whole)(
        **{name: getattr(whole, name) for name in whole.__struct_fields__}
        | {"trade_id": trade_id, "quantity": Decimal(1)}
    )


@pytest.mark.row("E06")
@pytest.mark.parametrize("sold, opens", [("90", False), ("89.99", True)])
def test_a_drawdown_is_measured_from_the_peak(sold: str, opens: bool) -> None:
    """Won 5, then lost 10 or a little more: from the peak, not from the start."""
    watch = board(drawdown_quote_max="10")
    watch.tell(*round_trip(1, "105"), *round_trip(2, sold))
    watch.at(T0_MS + 9000)
    assert (DESK in watch.not_closed) is opens


@pytest.mark.row("E06")
def test_what_is_held_counts_at_the_price_of_the_last_trade() -> None:
    """Nothing was closed, and yet the purchases below show what is lost."""
    watch = board(drawdown_quote_max="10")
    watch.tell(*filled(1, Side.BUY, "100"), *filled(2, Side.BUY, "95"))
    assert watch.at(T0_MS + 5000) == []
    watch.tell(*filled(3, Side.BUY, "89"))
    (opened,) = watch.at(T0_MS + 6000)
    assert opened.reason == "17 below the peak, allowed 10"


@pytest.mark.row("E06")
@pytest.mark.parametrize("sold, opens", [("79", False), ("78.9", True)])
def test_a_share_is_of_capital_and_peak(sold: str, opens: bool) -> None:
    """Capital 200 and a peak of 10: a tenth of that is 21."""
    watch = board(drawdown_share_max="0.1", capital_quote="200")
    watch.tell(*round_trip(1, "110"), *round_trip(2, sold))
    watch.at(T0_MS + 9000)
    assert (DESK in watch.not_closed) is opens


@pytest.mark.row("E06")
def test_a_window_forgets_what_was_lost_before_it() -> None:
    """Six lost now and six an hour ago are twelve within two hours, and six within one."""
    for hours, opens in ((2, True), (1, False)):
        watch = board(window_loss_quote_max="10", window_hours=hours)
        watch.tell(*round_trip(1, "94"))
        assert watch.at(T0_MS + 3000) == []
        watch.tell(*_later(round_trip(2, "94"), HOUR_MS + 5000))
        watch.at(T0_MS + HOUR_MS + 9000)
        assert (DESK in watch.not_closed) is opens, hours


def _later(facts: tuple[Any, ...], by_ms: int) -> list[Any]:
    return [
        type(one)(
            **{name: getattr(one, name) for name in one.__struct_fields__}
            | {"time_ms": one.time_ms + by_ms}
        )
        for one in facts
    ]


@pytest.mark.row("E06")
def test_each_symbol_has_a_count_of_its_own() -> None:
    """What opens for a symbol names its account and leaves the desk alone."""
    watch = Board(settings(symbol_loss={"losses_in_a_row_max": 1}))
    watch.tell(*round_trip(1, "99"))
    watch.at(T0_MS + 3000)
    assert set(watch.not_closed) == {OF_SYMBOL}


@pytest.mark.row("E06")
def test_funding_counts_and_a_correction_without_a_price_does_not() -> None:
    """What is paid for holding is lost; base units that turn up are worth what they cost."""
    watch = board(drawdown_quote_max="10")
    venue, account, symbol = PLACE
    watch.tell(
        Adjustment(
            venue=venue,
            account=account,
            symbol=symbol,
            strategy="",
            quantity=Decimal(-1),
            evidence_hash="",
            detail="",
            time_ms=T0_MS,
        ),
        *round_trip(1, "100"),
    )
    assert watch.at(T0_MS + 3000) == []
    watch.tell(
        FundingPaid(
            venue=venue,
            account=account,
            symbol=symbol,
            asset="USDT",
            amount=Decimal("-10.5"),
            income_id="1",
            time_ms=T0_MS + 4000,
        )
    )
    watch.at(T0_MS + 5000)
    assert DESK in watch.not_closed


@pytest.mark.row("E07")
def test_a_peak_and_a_row_of_losses_outlive_the_process() -> None:
    """The next process has the journal only, and finds the same peak and the same two losses."""
    watch = board(losses_in_a_row_max=3, drawdown_quote_max="1000").again()
    watch.tell(*round_trip(1, "99"), *round_trip(2, "99"))
    watch = watch.again()
    assert watch.at(T0_MS + 5000) == []
    watch.tell(*round_trip(3, "99"))
    watch.at(T0_MS + 9000)
    assert DESK in watch.not_closed
    assert DESK in watch.again().not_closed
    peak = board(drawdown_quote_max="10")
    peak.tell(*round_trip(1, "120"))
    peak = peak.again()
    peak.tell(*round_trip(2, "89"))
    peak.at(T0_MS + 9000)
    assert DESK in peak.not_closed, "11 below a peak that the first process saw"


@pytest.mark.row("E07")
@pytest.mark.parametrize("sold, state", [("99", "open"), ("101", "closed")])
def test_after_its_cooldown_the_first_close_decides(sold: str, state: str) -> None:
    """Half open: one loss opens it again, one win closes it; a restart in between changes nothing."""
    watch = board(losses_in_a_row_max=2, cooldown_s=60)
    watch.tell(*round_trip(1, "99"), *round_trip(2, "99"))
    (opened,) = watch.at(T0_MS + 5000)
    assert isinstance(opened, Halted)
    assert opened.until_ms == T0_MS + 65_000
    assert watch.at(T0_MS + 64_000) == []
    (tried,) = watch.at(T0_MS + 65_000)
    assert isinstance(tried, Resumed)
    assert tried.half_open
    watch = watch.again()
    assert watch.phases == {"desk_loss": "half_open"}
    assert watch.at(T0_MS + 66_000) == []
    watch.tell(*_later(round_trip(3, sold), 70_000))
    watch.at(T0_MS + 90_000)
    assert watch.phases == {"desk_loss": state}
    assert watch.again().phases == {"desk_loss": state}


@pytest.mark.row("E07")
@pytest.mark.parametrize("by", ["clear", "resume"])
def test_a_person_closes_it_and_what_was_lost_is_forgiven(by: str) -> None:
    """Cleared by its name, or with all else by releasing the desk: losses count from there."""
    watch = board(losses_in_a_row_max=2)
    watch.tell(*round_trip(1, "99"), *round_trip(2, "99"))
    watch.at(T0_MS + 5000)
    said: dict[str, Any] = {
        "scope": "desk",
        "reason": "seen",
        "actor": "eve",
        "time_ms": T0_MS + 6000,
    }
    watch.tell(KillReleased(**said) if by == "resume" else Resumed(**said, breaker="desk_loss"))
    assert watch.at(T0_MS + 7000) == []
    assert watch.phases == {"desk_loss": "closed"}
    watch.tell(*round_trip(8, "99"))
    assert watch.again().at(T0_MS + 20_000) == []
    watch.tell(*round_trip(9, "99"))
    watch.at(T0_MS + 20_000)
    assert DESK in watch.not_closed
