"""A position that the venue closes by itself: each owner's part is booked at once, and the symbol only closes."""

from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import TimeInForce
from opensqt.domain.journal import Entry
from opensqt.domain.ledger import Ledger
from opensqt.domain.order_events import Fill
from opensqt.domain.recon_events import AutoDeleveraged, ForcedTrade, Liquidated, Settled
from opensqt.domain.trading_controls import REDUCING
from opensqt.domain.venue import EndReason
from opensqt.simulation.engine.forced_orders import ForceClose, force_close
from opensqt.simulation.engine.records import Window
from tests.component.rig import SYMBOL, Rig

TAKING = {"buy": Decimal("50100.0"), "sell": Decimal("49900.0")}
LATEST = Window(limit=1)
PLACE = ("binance", "main", SYMBOL)
NOTICES = {
    EndReason.LIQUIDATED: Liquidated,
    EndReason.DELEVERAGED: AutoDeleveraged,
    EndReason.SETTLED: Settled,
}


async def held_by_two(rig: Rig) -> None:
    """Let one strategy be long 0.030 and another short 0.010: the venue knows of 0.020."""
    for number, (strategy, side, quantity) in enumerate(
        (("grid-perp", Side.BUY, "0.030"), ("carry", Side.SELL, "0.010")), start=1
    ):
        intent = rig.place(
            number,
            strategy=strategy,
            side=side,
            quantity=Decimal(quantity),
            price=TAKING[side.value],
            time_in_force=TimeInForce.IOC,
        )
        await rig.approve(intent)
        await rig.clock.run_for(2)


def books_of(rig: Rig) -> Ledger:
    """Return the books as the journal tells them."""
    books = Ledger()
    for position, fact in enumerate(rig.facts(), start=1):
        books.fold(position, fact)
    return books


def close(rig: Rig, why: EndReason, share: str = "1") -> None:
    """Let the venue close a share of the position."""
    terms = ForceClose(account="main", symbol=SYMBOL, why=why, share=Decimal(share))
    force_close(rig.exchange, terms)


def held(books: Ledger) -> dict[str, Decimal]:
    """Return what each owner holds."""
    return {key[0]: one.quantity for key, one in books.holdings.items() if key[1:] == PLACE}


@pytest.mark.row("J19")
@pytest.mark.parametrize("is_told", [True, False], ids=["by the stream", "by a list of trades"])
@pytest.mark.parametrize("why", list(NOTICES))
async def test_what_the_venue_closes_is_booked_for_every_owner(
    tmp_path: Path, why: EndReason, *, is_told: bool
) -> None:
    """Both sides are flat, the wallet is the venue's to the last digit, openings are over; also after a restart."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()):
        await held_by_two(rig)
        assert held(books_of(rig)) == {"grid-perp": Decimal("0.030"), "carry": Decimal("-0.010")}
        if not is_told:
            rig.exchange.stream.break_off("cut")
            await rig.clock.run_for(1)
        close(rig, why)
        await rig.clock.run_for(0.5 if is_told else 10)
        if not is_told:
            rig.exchange.stream.restore()
            await rig.clock.run_for(10)
        (notice,) = [one for one in rig.facts() if isinstance(one, ForcedTrade)]
        assert (type(notice), notice.quantity) == (NOTICES[why], Decimal("-0.020"))
    books = books_of(rig)
    assert held(books) == {"grid-perp": 0, "carry": 0}
    assert books.parked == set()
    wallet = rig.exchange.settlement.accounts["main"].perp
    assert books.wallets["binance", "main", "perp", "USDT"].total == wallet.balance
    halt = books.controls.halt("binance", "main", (SYMBOL,))
    assert halt is not None
    assert halt.mode == REDUCING
    assert "at 5" in halt.reason
    successor = rig.executor()
    async with rig.running(successor):
        await rig.clock.run_for(10)
        assert successor._account.state.net(SYMBOL) == 0
    assert len([one for one in rig.facts() if isinstance(one, ForcedTrade)]) == 1


@pytest.mark.row("J19")
async def test_a_part_is_shared_by_what_each_holds(tmp_path: Path) -> None:
    """Half of the net is half of each side; the parts of a trade make the whole, fee and all."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()):
        await held_by_two(rig)
        before = [one for one in rig.facts() if isinstance(one, Fill)]
        close(rig, EndReason.DELEVERAGED, "0.5")
        await rig.clock.run_for(1)
        parts = [one for one in rig.facts() if isinstance(one, Fill)][len(before) :]
    assert held(books_of(rig)) == {"grid-perp": Decimal("0.015"), "carry": Decimal("-0.005")}
    (execution,) = rig.exchange.store.records.executions("main", SYMBOL, LATEST)
    assert sum(one.fee for one in parts) == execution.fee
    assert sum(one.side.sign * one.quantity for one in parts) == -execution.quantity


@pytest.mark.row("J19")
async def test_a_trade_that_the_stream_lost_belongs_to_its_owner_before_the_rest_is_divided(
    tmp_path: Path,
) -> None:
    """The stream tells the closing and not what was bought before it: divided by what it knew, both would hold more."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()):
        await held_by_two(rig)
        await rig.approve(rig.place(3, strategy="grid-perp", price=Decimal("49900.0")))
        await rig.clock.run_for(1)
        rig.exchange.stream.connected = False
        rig.exchange.trade(SYMBOL, Decimal("49900.0"))
        rig.exchange.stream.connected = True
        close(rig, EndReason.LIQUIDATED)
        await rig.clock.run_for(1)
    assert held(books_of(rig)) == {"grid-perp": 0, "carry": 0}


@pytest.mark.row("J19")
@pytest.mark.parametrize("lost", ["answer", "executor"])
async def test_a_closing_is_booked_once_whatever_is_lost(tmp_path: Path, lost: str) -> None:
    """The answer of the journal that took it, or the executor that would have heard of it."""
    rig = Rig(tmp_path)
    async with rig.running(rig.executor()):
        await held_by_two(rig)
        if lost == "answer":
            journal, silenced = rig.journals[-1], list[Entry]()

            def takes_and_is_silent(entry: Entry) -> None:
                closing = any(isinstance(event.message, ForcedTrade) for event in entry.events)
                if closing and not silenced:
                    silenced.append(entry)
                    journal.answers_lost = 1

            journal.before_append = takes_and_is_silent
            close(rig, EndReason.LIQUIDATED)
            await rig.clock.run_for(10)
            assert silenced
            assert journal.answers_lost == 0
    if lost == "executor":
        close(rig, EndReason.LIQUIDATED)
    async with rig.running(rig.executor()):
        await rig.clock.run_for(30)
    assert len([one for one in rig.facts() if isinstance(one, ForcedTrade)]) == 1
    assert held(books_of(rig)) == {"grid-perp": 0, "carry": 0}
