"""What a trade of a perpetual gained where its venue does not say: by the average cost of what the account holds."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.messages import Event
from opensqt.execution.events import EventSource
from opensqt.execution.events import fill as recorded
from opensqt.venues.gate.parser import perp_trade
from tests.ledgers import PERP, Day, fill, folded, ref_of

TRADES = [
    ("1", 100, "buy"),
    ("1", 110, "buy"),
    ("1.5", 120, "sell"),
    ("1", 90, "sell"),
    ("0.5", 80, "buy"),
]
# 1.5 * (120 - 105), then 0.5 * (90 - 105) and 0.5 sold short at 90, bought back at 80.
GAINED = Decimal("22.5") - Decimal("7.5") + Decimal(5)


def day(*, told: bool) -> list[Event]:
    """Return five trades of two orders that end flat."""
    gains = ("0", "0", "22.5", "-7.5", "5")
    return [
        fill(
            ref_of(number),
            f"t{number}",
            quantity,
            price=Decimal(price),
            side=Side(side),
            realized_pnl=Decimal(gain) if told else Decimal(0),
            realized_untold=not told,
        )
        for number, ((quantity, price, side), gain) in enumerate(zip(TRADES, gains, strict=True))
    ]


@pytest.mark.row("J09")
@pytest.mark.parametrize("told", [True, False])
def test_a_wallet_holds_what_was_gained_whether_its_venue_says_it_or_not(told: bool) -> None:
    """By hand: 22.5, a loss of 7.5 and a gain of 5, less five fees of 0.01."""
    (wallet,) = folded(day(told=told)).wallets.values()
    assert wallet.realized_pnl == GAINED
    assert wallet.total == GAINED - Decimal("0.05")


@pytest.mark.parametrize("seed", range(8))
def test_what_a_venue_says_counts_where_it_says_something(seed: int) -> None:
    """The venue's own figure is not replaced by ours."""
    facts = Day(seed).facts
    told = sum(
        getattr(fact, "realized_pnl", Decimal(0)) for fact in facts if hasattr(fact, "trade_id")
    )
    books = folded(facts)
    assert sum(wallet.realized_pnl for wallet in books.wallets.values()) == told


def test_a_trade_of_gate_is_recorded_as_one_that_does_not_say() -> None:
    """Its lists and frames of perpetuals name no gain, and 0 would be a claim."""
    raw = (
        b'{"id":7,"create_time":1,"contract":"BTC_USDT","order_id":"5","size":-2,"price":"100",'
        b'"role":"maker","text":"t-q1","fee":"0.01","point_fee":"0"}'
    )
    trade = perp_trade(raw, {"BTC_USDT": PERP})
    assert trade.realized_pnl is None
    author = EventSource(actor="executor", venue="gate", account="main", generation="g")
    message = recorded(author, ref_of(1), trade, "").message
    assert msgspec.to_builtins(message)["realized_untold"] is True
