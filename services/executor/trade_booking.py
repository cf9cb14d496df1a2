"""Trades that the venue tells of, each booked once under whoever it belongs to."""

from collections.abc import Awaitable, Callable

import msgspec

from opensqt.domain.journal import Appended, Duplicate
from opensqt.domain.venue import Held, NotFound, OrderView, TradeView, VenueDown
from opensqt.execution import events as facts
from opensqt.execution import to_ask
from opensqt.execution.evidence import after_trade
from opensqt.execution.forced_trades import after_forced_trade
from services.executor.account import ExecutorAccount

LATE_AGE_MS_MAX = 600_000  # market ms; nobody carries out a request that is older


async def book(account: ExecutorAccount, trade: TradeView) -> None:
    """Bring a trade into the journal that is not there yet; raise `VenueDown` where a forced one must be read again.

    A forced trade is divided by what each holds, so only who reads the trades of its symbol in order may book it.
    """
    if account.state.knows_trade(trade.symbol, trade.trade_id):
        return
    evidence_hash = await account.keep("trade", trade.evidence)
    # Meanwhile the stream may have booked it whole: then it is not divided any more.
    if trade.forced is not None and not account.state.knows_trade(trade.symbol, trade.trade_id):
        words = {"symbol": trade.symbol, "why": trade.forced.value, "trade": trade.trade_id}
        account.log.error("forced_trade", **words, fix="look at the venue, then `opensqt resume`")
        entry = after_forced_trade(account.state, account.author, trade, evidence_hash)
        outcome = await account.commit_surely(
            msgspec.structs.replace(entry, fence=account.lease.fence)
        )
        if not isinstance(outcome, Appended | Duplicate):
            raise VenueDown(f"trade {trade.trade_id} is read again: it was not booked: {outcome}")
        return
    await account.record(after_trade(account.state, account.author, trade, evidence_hash))
    # A venue may name its own id only.
    order = account.state.find(trade.symbol, trade.client_order_id, trade.venue_order_id)
    if order is not None:
        await contradict(account, order.client_order_id, trade.symbol)


async def explained(account: ExecutorAccount, trade: TradeView) -> TradeView:
    """Return a trade with why the venue forced it, asked for where no order of ours explains it; raise `VenueDown`."""
    state = account.state
    ours = state.find(trade.symbol, trade.client_order_id, trade.venue_order_id)
    if ours is not None or trade.forced or state.knows_trade(trade.symbol, trade.trade_id):
        return trade
    forced = await account.venue.forced_by(trade.symbol, trade.venue_order_id)
    return msgspec.structs.replace(trade, forced=forced)


async def identify(
    account: ExecutorAccount, show: Callable[[OrderView], Awaitable[None]], symbol: str
) -> None:
    """Ask for the orders whose a trade of nobody's may be before it is booked; raise `VenueDown`.

    These are the ones in doubt, and those lately called never placed: a request may have been carried out after all.
    Where the venue does not show an order yet, the trade finds it later by the venue's id.
    """
    late_ms = account.clock.market_ms() - LATE_AGE_MS_MAX
    doubtful = [
        order
        for order in to_ask.doubtful(account.state)
        if order.placed is not None and order.placed.ref.symbol == symbol
    ]
    for order in (*doubtful, *to_ask.disproved(account.state, symbol, late_ms)):
        outcome = await account.venue.urgent.look(symbol, order.client_order_id)
        if isinstance(outcome, Held) and outcome.order is not None:
            await show(outcome.order)
        elif not isinstance(outcome, NotFound):
            raise VenueDown(f"{order.client_order_id} may own a trade and was not shown: {outcome}")


async def contradict(account: ExecutorAccount, name: str, symbol: str) -> None:
    """Say that the venue's evidence denies how an order of ours ended, where it does."""
    order = account.state.orders.get(name)
    if order is None or not order.contradicted:
        return
    now_ms = account.clock.market_ms()
    account.log.error("order_contradicted", order=name, evidence=order.contradictions)
    await account.record((facts.contradicted(account.author, order, symbol, now_ms),))
