"""Gate's error bodies: label and text of all that the simulated venue refuses. It decides nothing."""

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Reason
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.faults import FaultName

UNKNOWN = ("ORDER_NOT_FOUND", "Order not found")
REASONS = {
    Market.SPOT: {
        Reason.DUPLICATE_ID: ("REPEATED_CREATION", "never: ids are not unique"),
        Reason.WOULD_TAKE: (
            "POC_FILL_IMMEDIATELY",
            "Order would match and take immediately so its cancelled",
        ),
        Reason.INSUFFICIENT: ("BALANCE_NOT_ENOUGH", "Not enough balance"),
        Reason.REDUCE_ONLY: ("INVALID_PARAM_VALUE", "Invalid request parameter `reduce_only`"),
        Reason.UNKNOWN_CANCEL: UNKNOWN,
        Reason.UNKNOWN_ORDER: UNKNOWN,
        Reason.NO_LIQUIDITY: ("INVALID_PARAM_VALUE", "no counter orders"),
    },
    Market.PERP: {
        Reason.DUPLICATE_ID: ("REPEATED_CREATION", "never: ids are not unique"),
        Reason.WOULD_TAKE: ("ORDER_POC_IMMEDIATE", "order would match immediately"),
        Reason.INSUFFICIENT: ("INSUFFICIENT_AVAILABLE", "Available balance is not enough"),
        Reason.REDUCE_ONLY: ("INCREASE_POSITION", "reduce only would increase the position"),
        Reason.UNKNOWN_CANCEL: UNKNOWN,
        Reason.UNKNOWN_ORDER: UNKNOWN,
        Reason.NO_LIQUIDITY: ("CONTRACT_NO_COUNTER", "no counter orders"),
    },
}
BUSY = ("TOO_BUSY", "Server is too busy at the moment")
TROUBLES: dict[FaultName, tuple[str, str, int]] = {
    FaultName.MAINTENANCE: ("SERVER_ERROR", "Internal server error", 503),
    FaultName.TIMEOUT_REFUSED: (*BUSY, 504),
    FaultName.ERROR_AFTER_ACCEPT: (*BUSY, 504),
    FaultName.ERROR_REFUSED: (*BUSY, 503),
}
NO_INSTRUMENT = {
    Market.SPOT: ("INVALID_CURRENCY_PAIR", "Invalid currency pair"),
    Market.PERP: ("CONTRACT_NOT_FOUND", "Contract not found"),
}


def fault(label: str, text: str, status: int = 400) -> VenueError:
    """A refusal."""
    return VenueError(label, text, status)


def wrong(what: str) -> VenueError:
    """A parameter is missing or malformed."""
    return fault("INVALID_PARAM_VALUE", f"Invalid request parameter `{what}` value")


def refused(market: Market, reason: Reason) -> VenueError:
    """The answer to what the engine refuses."""
    told = REASONS[market][reason]
    return fault(*told, 404 if told == UNKNOWN else 400)


def body_of(error: VenueError) -> dict[str, object]:
    """The JSON answer."""
    return {"label": str(error.code), "message": error.message}
