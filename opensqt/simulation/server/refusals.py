"""What the venue's audit says of a request that was refused, and of each order of a batch. It decides nothing."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from opensqt.simulation.engine.audit import AuditRow, Kind, Result, rfc3339
from opensqt.simulation.server.call import ApiCall, VenueError
from opensqt.simulation.server.context import VenueContext

Answer = TypeVar("Answer")


class StatedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of its order, as far as it can be read; `client_order_id` is ours as the audit has it."""

    client_order_id: str
    venue_order_id: str
    symbol: str
    side: str
    quantity: str
    price: str


# Reads a place or a cancel of a dialect.
ReadStated = Callable[[ApiCall, Kind], StatedOrder]


def state_refusal(
    context: VenueContext, call: ApiCall, kind: Kind, error: VenueError, read: ReadStated
) -> None:
    """Write a refused request into the audit."""
    context.exchange.refuse(
        AuditRow(
            time=rfc3339(context.now_ms()),
            venue=context.exchange.settlement.venue,
            account=call.account,
            kind=kind,
            market=call.market.value,
            result=Result.REFUSED.value,
            code=str(error.code),
            **msgspec.structs.asdict(read(call, kind)),
        )
    )


def answer_each(
    context: VenueContext,
    calls: Iterable[ApiCall],
    endpoint: Callable[[VenueContext, ApiCall], Answer],
    kind: Kind,
    read: ReadStated,
) -> list[Answer | VenueError]:
    """Let an endpoint answer each order of a batch; each has an outcome and an audit row of its own."""
    outcomes: list[Answer | VenueError] = []
    for call in calls:
        try:
            outcomes.append(endpoint(context, call))
        except VenueError as error:
            state_refusal(context, call, kind, error, read)
            outcomes.append(error)
    return outcomes
