"""OKX's error bodies: code and text of everything the simulated venue refuses. It decides nothing.

What is wrong with an order stands in a row of a good HTTP status, what is wrong with a request in the envelope.
"""

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Reason
from opensqt.simulation.server.call import ApiCall, VenueError

ALL_FAILED, SOME_FAILED = "1", "2"
REASONS = {
    Reason.DUPLICATE_ID: (51016, "Client order ID already exists."),
    Reason.WOULD_TAKE: (51000, "Parameter ordType error"),  # never: such orders are taken
    Reason.INSUFFICIENT: (51008, "Order failed. Insufficient balance in account."),
    Reason.REDUCE_ONLY: (
        51169,
        "Order failed because you don't have any positions in this direction to reduce or close.",
    ),
    Reason.UNKNOWN_CANCEL: (
        51400,
        "Order cancellation failed as the order has been filled, canceled or does not exist.",
    ),
    Reason.NO_LIQUIDITY: (51109, "No orders in order book"),
}
UNKNOWN_ORDER = (51603, "Order does not exist")
NO_INSTRUMENT = (51001, "Instrument ID, Instrument ID code, or Spread ID doesn't exist.")


class RowError(VenueError):
    """A refusal of one order: it stands in a row beside the id that the client gave it."""

    def __init__(self, code: int, message: str, client_order_id: str = "") -> None:
        super().__init__(code, message, 200)
        self.client_order_id = client_order_id


def refused(market: Market, reason: Reason) -> VenueError:
    """The answer to what the engine refuses."""
    del market
    if reason is Reason.UNKNOWN_ORDER:
        return VenueError(*UNKNOWN_ORDER, 200)
    return RowError(*REASONS[reason])


def row_of(error: VenueError) -> dict[str, object]:
    """The row of a refused order."""
    return {
        "clOrdId": error.client_order_id if isinstance(error, RowError) else "",
        "ordId": "",
        "sCode": str(error.code),
        "sMsg": error.message,
        "tag": "",
    }


def body_of(error: VenueError) -> dict[str, object]:
    """The JSON answer."""
    if isinstance(error, RowError):
        return {"code": ALL_FAILED, "data": [row_of(error)], "msg": "All operations failed"}
    return {"code": str(error.code), "data": [], "msg": error.message}


def parameter(name: str, call: ApiCall) -> RowError:
    """A parameter of an order is absent or malformed."""
    return RowError(51000, f"Parameter {name} error", call.text("clOrdId"))
