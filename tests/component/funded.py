"""What executors find at their first look, for gates without executors: money in every account."""

import itertools
from decimal import Decimal

from opensqt.domain.account import Deposit
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.subjects import subject_of
from tests.component.rig import START_MS
from tests.support.fakes.journal import MemoryJournal, MemoryStore

RICH = Decimal(100_000)
ACCOUNTS = {"main": RICH, "second": RICH, "third": RICH, "poor": Decimal(400)}


async def fund(store: MemoryStore) -> None:
    """Record the opening balances, once."""
    if any(row.stream.startswith("account/") for row in store.rows):
        return
    for account, wallet in itertools.product(ACCOUNTS, ("perp", "spot")):
        money = Deposit(
            venue="binance",
            account=account,
            wallet=wallet,
            asset="USDT",
            amount=ACCOUNTS[account],
            reason="opening balance",
            time_ms=START_MS,
        )
        event = NewEvent(
            event_id=f"opening-{account}-{wallet}",
            stream=f"account/binance/{account}",
            message=money,
            subject=subject_of(money),
            actor="executor",
            occurred_at_ms=START_MS,
        )
        await MemoryJournal(store).append(Entry(events=(event,)))
