"""Binance's error bodies: HTTP status, code and text for everything the simulated venue refuses. It decides nothing."""

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Reason
from opensqt.simulation.server.call import VenueError

SPOT_REASONS = {
    Reason.DUPLICATE_ID: (-2010, "Duplicate order sent."),
    Reason.WOULD_TAKE: (-2010, "Order would immediately match and take."),
    Reason.INSUFFICIENT: (-2010, "Account has insufficient balance for requested action."),
    Reason.REDUCE_ONLY: (-1106, "Parameter 'reduceOnly' sent when not required."),
    Reason.UNKNOWN_CANCEL: (-2011, "Unknown order sent."),
    Reason.UNKNOWN_ORDER: (-2013, "Order does not exist."),
    Reason.NO_LIQUIDITY: (-2010, "Market is closed."),
}
USDM_REASONS = {
    Reason.DUPLICATE_ID: (-4116, "ClientOrderId is duplicated."),
    Reason.WOULD_TAKE: (
        -5022,
        (
            "Due to the order could not be executed as maker, the Post Only order will be rejected."
            " The order will not be recorded in the order history"
        ),
    ),
    Reason.INSUFFICIENT: (-2019, "Margin is insufficient."),
    Reason.REDUCE_ONLY: (-2022, "ReduceOnly Order is rejected."),
    Reason.UNKNOWN_CANCEL: (-2011, "Unknown order sent."),
    Reason.UNKNOWN_ORDER: (-2013, "Order does not exist."),
    Reason.NO_LIQUIDITY: (
        -4131,
        "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
    ),
}


def body_of(error: VenueError) -> dict[str, object]:
    """The JSON answer."""
    return {"code": error.code, "msg": error.message}


def refused(market: Market, reason: Reason) -> VenueError:
    """The answer to what the engine refuses."""
    code, message = (SPOT_REASONS if market is Market.SPOT else USDM_REASONS)[reason]
    return VenueError(code, message)


def missing(name: str) -> VenueError:
    """A mandatory parameter is absent."""
    return VenueError(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str, legal: str) -> VenueError:
    """A parameter holds characters that it may not."""
    return VenueError(
        -1100, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )


def filter_failure(name: str) -> VenueError:
    """A spot filter is broken."""
    return VenueError(-1013, f"Filter failure: {name}")


OVERLOADED = (-1008, "Request throttled by system-level protection.")
BAD_SYMBOL = (-1121, "Invalid symbol.")
BAD_KEY = (-2015, "Invalid API-key, IP, or permissions for action.")
BAD_KEY_FORM = (-2014, "API-key format invalid.")
BAD_SIGNATURE = (-1022, "Signature for this request is not valid.")
TIME_AHEAD = (-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
TIME_BEHIND = (-1021, "Timestamp for this request is outside of the recvWindow.")
WINDOW_TOO_LONG = (-1131, "recvWindow must be less than 60000")
NO_LISTEN_KEY = (-1125, "This listenKey does not exist.")
UNAVAILABLE = (0, "Service Unavailable.", 503)
UNKNOWN_STATUS = (
    -1007,
    "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
)
