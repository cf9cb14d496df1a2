"""Bybit's error bodies: code and text for all that the simulated venue refuses, in good answers. It decides nothing."""

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Reason
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.faults import FaultName

REASONS = {
    Market.SPOT: {
        Reason.DUPLICATE_ID: (170141, "Duplicate clientOrderId"),
        Reason.WOULD_TAKE: (170218, "The LIMIT-MAKER order is rejected due to invalid price."),
        Reason.INSUFFICIENT: (170131, "Insufficient balance."),
        Reason.REDUCE_ONLY: (170130, "Data sent for paramter 'reduceOnly' is not valid."),
        Reason.UNKNOWN_CANCEL: (170213, "Order does not exist."),
        Reason.UNKNOWN_ORDER: (170213, "Order does not exist."),
        Reason.NO_LIQUIDITY: (170159, "Market Order is not supported now."),
    },
    Market.PERP: {
        Reason.DUPLICATE_ID: (110072, "OrderLinkedID is duplicate"),
        Reason.WOULD_TAKE: (110103, "Only Post-Only orders are available at this stage"),
        Reason.INSUFFICIENT: (110007, "ab not enough for new order"),
        Reason.REDUCE_ONLY: (110017, "current position is zero, cannot fix reduce-only order qty"),
        Reason.UNKNOWN_CANCEL: (110001, "order not exists or too late to cancel"),
        Reason.UNKNOWN_ORDER: (110001, "order not exists or too late to cancel"),
        Reason.NO_LIQUIDITY: (110118, "Unable to retrieve a price of the market order"),
    },
}
TROUBLES: dict[FaultName, tuple[int, str, int]] = {
    FaultName.MAINTENANCE: (10016, "Service is restarting.", 503),
    FaultName.TIMEOUT_REFUSED: (10000, "Server Timeout", 200),
    FaultName.ERROR_AFTER_ACCEPT: (10000, "Server Timeout", 200),
    FaultName.ERROR_REFUSED: (10016, "Server error.", 503),
}
TOO_MANY = (10006, "Too many visits. Exceeded the API Rate Limit.")
TOO_FREQUENT = (10018, "access too frequent", 403)
BAD_TIME = (10002, "invalid request, please check your server timestamp or recv_window param")
BAD_KEY = (10003, "API key is invalid.")
BAD_SIGN = (10004, "error sign! please check your signature generation algorithm.")
BAD_SYMBOL = {Market.SPOT: (170121, "Invalid symbol."), Market.PERP: (10001, "symbol invalid")}


def fault(code: int, text: str, status: int = 200) -> VenueError:
    """A refusal; errors come with a good status."""
    return VenueError(code, text, status)


def wrong(what: str) -> VenueError:
    """A parameter is missing or malformed."""
    return fault(10001, f"params error: {what}")


def refused(market: Market, reason: Reason) -> VenueError:
    """The answer to what the engine refuses."""
    return fault(*REASONS[market][reason])


def body_of(error: VenueError) -> dict[str, object]:
    """The JSON answer."""
    return {"retCode": error.code, "retMsg": error.message, "result": {}, "retExtInfo": {}}
