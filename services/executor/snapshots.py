"""Snapshots: what the venue holds at an instant, its booked funding and the opening balances, with their evidence."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from opensqt.domain.account import Deposit, SnapshotOrder, VenueSnapshot
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.venue import AccountView, OrderView
from opensqt.execution import events
from services.executor.account import ExecutorAccount

INCOME_BACK_MS = (
    30 * 60_000
)  # market ms before the newest payment; less than the shortest funding interval
TRADES_BACK_MS = 60_000  # market ms before the first order of ours, or before the last snapshot

Sweep = Callable[[str], Awaitable[list[OrderView] | None]]  # None: the venue does not trade it


class Snapshots:
    """Takes the snapshots of one account."""

    def __init__(self, account: ExecutorAccount) -> None:
        self._account = account

    async def take(self, trigger: str, sweep: Sweep) -> None:
        """Record what the venue holds now, with the raw answers as evidence."""
        account = self._account
        position, started_ms = account.position, account.clock.market_ms()
        # Orders of a market that is no longer configured are looked at for as long as they live.
        found = {symbol: await sweep(symbol) for symbol in account.watched()}
        swept = {symbol: views for symbol, views in found.items() if views is not None}
        orders = [view for views in swept.values() for view in views]
        await self._read_income(tuple(swept))
        view = await account.venue.account()
        opening = self._deposits(view)
        if opening:
            # Together or not at all: half of them would pass for the whole after a crash.
            await account.commit_surely(Entry(events=opening, fence=account.lease.fence))
        raw = b"\n".join([view.evidence, *(order.evidence for order in orders)])
        message = VenueSnapshot(
            venue=account.author.venue,
            account=account.author.account,
            trigger=trigger,
            journal_position=position,
            orders=tuple(_shown(order) for order in orders),
            positions=view.positions,
            balances=view.balances,
            symbols=tuple(swept),
            evidence_hash=await account.keep("snapshot", raw),
            started_ms=started_ms,
            time_ms=account.clock.market_ms(),
            margin_health=view.margin_health,
        )
        await account.record((self._of_account(message, "snapshot", started_ms),))

    async def _read_income(self, symbols: tuple[str, ...]) -> None:
        account = self._account
        # A payment of another symbol may become visible after a newer one; its id tells what was read already.
        newest_ms = account.state.income_ms
        since_ms = newest_ms - INCOME_BACK_MS if newest_ms else _first_ms(account)
        for symbol in symbols:
            if ":" not in symbol:
                continue
            for paid in await account.venue.funding_paid(symbol, since_ms=since_ms):
                if paid.income_id not in account.state.income:
                    message = msgspec.structs.replace(paid, account=account.author.account)
                    await account.record(
                        (self._of_account(message, "funding", symbol, paid.income_id),)
                    )

    def _deposits(self, view: AccountView) -> tuple[NewEvent, ...]:
        """Return the opening balances of wallets that were never seen.

        Those of a market that is traded later are looked at for the first time then, before anything trades there.
        """
        account = self._account
        now_ms = account.clock.market_ms()
        opening = [
            Deposit(
                venue=account.author.venue,
                account=account.author.account,
                wallet=balance.wallet,
                asset=balance.asset,
                amount=balance.total,
                reason="opening balance",
                time_ms=now_ms,
            )
            for balance in view.balances
            if balance.total != 0 and balance.wallet not in account.state.wallets
        ]
        return tuple(self._of_account(d, "opening", d.wallet, d.asset) for d in opening)

    def _of_account(self, message: Any, *cause: str | int) -> NewEvent:
        author = self._account.author
        stream = f"account/{author.venue}/{author.account}"
        return events.fact(author, message, stream, (author.venue, author.account, *cause))


def _first_ms(account: ExecutorAccount) -> int:
    """Return the market time from which the venue's history concerns us: shortly before our first order."""
    orders = account.state.orders.values()
    times = [order.placed.time_ms for order in orders if order.placed is not None]
    return min(times, default=account.clock.market_ms()) - TRADES_BACK_MS


def _shown(view: OrderView) -> SnapshotOrder:
    return SnapshotOrder(
        client_order_id=view.client_order_id,
        venue_order_id=view.venue_order_id,
        symbol=view.symbol,
        side=view.side,
        price=view.price,
        quantity=view.quantity,
        filled_quantity=view.filled_quantity,
    )


def since_ms(account: ExecutorAccount, symbol: str) -> int:
    """Return the market time since which our trades of a symbol are read where no trade is known yet."""
    read_ms = account.state.read_ms.get(symbol)
    if read_ms is None:
        return _first_ms(account)
    return read_ms - unsure_ms(account) - TRADES_BACK_MS


def unsure_ms(account: ExecutorAccount) -> int:
    """Return for how long a trade may be missing below a newer one, which carries the venue's time; market ms."""
    policy = account.venue.policy
    return account.market_span_ms(policy.visibility_lag_ms + policy.clock_skew_ms_max)
