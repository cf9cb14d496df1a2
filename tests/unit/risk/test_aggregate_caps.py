"""The caps on the whole desk: across strategies, symbols, accounts and venues, each at its boundary."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.recon_events import Adjustment
from opensqt.domain.verdict import RiskRefused
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
    of,
    state,
    tick,
)

ROOMY = msgspec.structs.replace(
    LIMITS, open_orders_max=50, position_notional_quote_max=Decimal(50_000)
)
DESK = msgspec.structs.replace(ROOMY, exposure_notional_quote_max=Decimal("2000.004"))
ASSET = msgspec.structs.replace(ROOMY, asset_notional_quote_max=Decimal("2000.004"))
SPOT = "BTC/USDT"
AT_MOST = Decimal("0.020")  # with 0.020 elsewhere that makes 0.040 at 50,000.1


def _reason(books: RiskState, limits: Any, quantity: Decimal = AT_MOST, **changes: Any) -> str:
    verdict = judge(books, intent(quantity=quantity, **changes), limits, SEAT, NOW_MS).verdict
    return verdict.reason if isinstance(verdict, RiskRefused) else ""


def _spot_tick() -> Any:
    return msgspec.structs.replace(tick(), symbol=SPOT, venue="bybit")


def _held_elsewhere(side: Side = Side.BUY) -> Any:
    """0.020 at another venue, in another account, of another strategy."""
    held = at(of(fill("x", side, "0.020"), "carry"), SPOT, "second")
    return msgspec.structs.replace(held, ref=msgspec.structs.replace(held.ref, venue="bybit"))


@pytest.mark.row("I12")
@pytest.mark.parametrize("side", list(Side))
def test_all_accounts_venues_and_strategies_count_together(side: Side) -> None:
    """Long here and short there is no less: each can be left alone."""
    books = state(_spot_tick(), _held_elsewhere(side))
    assert _reason(books, DESK) == ""
    assert _reason(books, DESK, AT_MOST + Decimal("0.001")) == "exposure_notional"
    assert _reason(books, ROOMY, AT_MOST + Decimal("0.001")) == ""


@pytest.mark.row("I12")
@pytest.mark.parametrize("held, refused", [(Side.BUY, True), (Side.SELL, False)])
def test_an_asset_counts_by_side_over_all_venues(held: Side, *, refused: bool) -> None:
    """What hedges makes nothing larger; what stands on the same side in another market adds up."""
    books, more = state(_spot_tick(), _held_elsewhere(held)), AT_MOST + Decimal("0.001")
    assert _reason(books, ASSET) == ""
    assert _reason(books, ASSET, more) == ("asset_notional" if refused else "")
    other = state(at(of(fill("x", held, "0.020"), "carry"), "ETH/USDT", "second"))
    assert _reason(other, ASSET, more) == "", "another asset"


@pytest.mark.row("I12")
@pytest.mark.parametrize("limits", [DESK, ASSET])
def test_resting_orders_of_others_count_as_if_they_were_filled(limits: Any) -> None:
    """Elsewhere and in the symbol itself, those that are only approved included."""
    more = AT_MOST + Decimal("0.001")
    for resting in (
        at(of(live("x", Side.BUY, "49000", "0.020"), "carry"), SPOT, "second"),
        of(live("x", Side.BUY, "49000", "0.020"), "carry"),
    ):
        books = state(_spot_tick(), resting)
        books.prices.venues["second"] = "bybit"
        assert _reason(books, limits) == ""
        assert _reason(books, limits, more) != ""


@pytest.mark.row("I12")
def test_who_holds_against_another_makes_no_room() -> None:
    """The carry may close its short at any time, and a close is never refused: then the longs stand alone."""
    books = state(
        of(fill("a", Side.SELL, "0.020"), "carry"), of(fill("b", Side.BUY, "0.020"), "other")
    )
    assert books.index.positions.net(("main", SYMBOL)) == 0
    assert _reason(books, ASSET) == ""
    assert _reason(books, ASSET, AT_MOST + Decimal("0.001")) == "asset_notional"


@pytest.mark.row("I12")
def test_an_opening_of_another_counts_whole_though_that_one_holds_against_it() -> None:
    """Its position may be closed before the opening fills."""
    books = state(
        of(fill("a", Side.SELL, "0.030"), "carry"),
        of(live("b", Side.BUY, "49950", "0.020"), "carry"),
    )
    assert _reason(books, ASSET) == ""
    assert _reason(books, ASSET, AT_MOST + Decimal("0.001")) == "asset_notional"


@pytest.mark.row("I12")
@pytest.mark.parametrize("limits", [DESK, ASSET])
def test_an_exit_is_never_refused_for_what_others_hold(limits: Any) -> None:
    """Whatever the desk holds, what only takes off passes."""
    books = state(_spot_tick(), _held_elsewhere(), fill("a", Side.BUY, "0.080"))
    wish = {"side": Side.SELL, "price": Decimal("50050.0"), "purpose": Purpose.CLOSE}
    assert _reason(books, limits, Decimal("0.040"), **wish) == ""
    assert _reason(books, limits, Decimal("0.001"), purpose=Purpose.OPEN) != ""


@pytest.mark.row("I12")
def test_what_cannot_be_valued_refuses_openings_by_name() -> None:
    """A position that nobody ever gave a price may be worth anything."""
    made = Adjustment(
        venue="bybit",
        account="second",
        symbol="DOGE/USDT",
        strategy="carry",
        quantity=Decimal(5),
        evidence_hash="",
        detail="found at the venue",
        time_ms=NOW_MS,
    )
    books = state(made)
    verdict = judge(books, intent(), DESK, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskRefused)
    assert (verdict.reason, "DOGE/USDT" in verdict.detail) == ("exposure_unknown", True)
    first = msgspec.structs.replace(fill("x", Side.BUY, "1"), price=Decimal("0.1"))
    books.fold(at(first, "DOGE/USDT", "second"))
    assert _reason(books, DESK, Decimal("0.010")) == ""


@pytest.mark.row("I12")
def test_a_quote_asset_that_is_only_stated_has_a_value() -> None:
    """What [risk.rates] says counts where no price of ours does; without either it is unknown."""
    books = state(at(of(fill("x", Side.BUY, "0.020"), "carry"), "ETH/EUR", "second"))
    assert _reason(books, DESK) == "exposure_unknown"
    stated = msgspec.structs.replace(SEAT, rates={"EUR": Decimal(1)})
    for quantity, refused in ((AT_MOST, False), (AT_MOST + Decimal("0.001"), True)):
        wish = intent(quantity=quantity)
        assert isinstance(judge(books, wish, DESK, stated, NOW_MS).verdict, RiskRefused) is refused
