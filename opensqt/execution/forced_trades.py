"""What the venue trades on an account by itself: liquidation, auto-deleveraging, settlement. Pure.

Such a trade is booked at once and divided among those who hold the position, by what each holds: after the whole
position is gone nobody holds anything, and owners on opposite sides have each closed theirs.
"""

from decimal import Decimal
from typing import Any

import msgspec

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Side
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.ledger_wallet import divided
from opensqt.domain.order_events import part_of_trade
from opensqt.domain.recon_events import AutoDeleveraged, ForcedTrade, Liquidated, Settled
from opensqt.domain.venue import EndReason, TradeView
from opensqt.execution import events as facts
from opensqt.execution.events import EventSource
from opensqt.execution.state import ExecutionState


def after_forced_trade(
    state: ExecutionState, author: EventSource, trade: TradeView, evidence_hash: str
) -> Entry:
    """Return a fill for each owner's part of a trade that the venue `forced`, and the notice that halts its symbol.

    Together or not at all: a part alone would pass for the whole.
    """
    fills = tuple(
        _fill(author, owner, part, evidence_hash)
        for owner, part in _parts(
            state.index.positions.owners((author.account, trade.symbol)), trade
        )
    )
    return Entry(events=(*fills, _notice(author, trade)))


def _parts(held: dict[str, Decimal], trade: TradeView) -> list[tuple[str, TradeView]]:
    brought = trade.side.sign * trade.quantity
    shares = [one for one in divided(brought, held) if one[1] != 0] or [("", brought)]
    sizes = {owner: abs(share) for owner, share in shares}
    fees = dict(divided(trade.fee, sizes))
    gains = dict(divided(trade.realized_pnl or ZERO, sizes))
    return [
        (
            owner,
            msgspec.structs.replace(
                trade,
                trade_id=part_of_trade(trade.trade_id, number),
                side=Side.BUY if share > 0 else Side.SELL,
                quantity=abs(share),
                fee=fees[owner],
                realized_pnl=None if trade.realized_pnl is None else gains[owner],
            ),
        )
        for number, (owner, share) in enumerate(shares)
    ]


def _fill(author: EventSource, owner: str, part: TradeView, evidence_hash: str) -> NewEvent:
    # It has no order of ours: what names one would be asked for.
    stray = facts.stray_ref(author, part.symbol, "")
    return facts.fill(author, msgspec.structs.replace(stray, strategy=owner), part, evidence_hash)


def _notice(author: EventSource, trade: TradeView) -> NewEvent:
    terms: dict[str, Any] = {
        "venue": author.venue,
        "account": author.account,
        "symbol": trade.symbol,
        "quantity": trade.side.sign * trade.quantity,
        "price": trade.price,
        "time_ms": trade.time_ms,
    }
    message: ForcedTrade
    match trade.forced:
        case EndReason.LIQUIDATED:
            message = Liquidated(**terms)
        case EndReason.DELEVERAGED:
            message = AutoDeleveraged(**terms)
        case EndReason.SETTLED:
            message = Settled(**terms)
        case _:
            raise ValueError(f"trade {trade.trade_id} was not forced by the venue: {trade.forced}")
    cause = ("forced", author.venue, author.account, trade.symbol, trade.trade_id)
    return facts.fact(author, message, f"recon/{author.venue}/{author.account}", cause)
