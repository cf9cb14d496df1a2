"""Bitget's error bodies: code and text for all that the simulated venue refuses. It decides nothing."""

from opensqt.domain.instruments import Market
from opensqt.simulation.engine.orders import Reason
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.faults import FaultName
from opensqt.simulation.server.passphrase_keys import KeyRefusals

GOOD = "00000"
NO_ORDER = (25204, "Order does not exist")
REASONS = {
    Reason.DUPLICATE_ID: (25212, "Client order id duplicated"),
    Reason.WOULD_TAKE: (25200, "Parameter verification failed"),  # never: such orders are taken
    Reason.REDUCE_ONLY: (25227, "No position to close"),
    Reason.UNKNOWN_CANCEL: NO_ORDER,
    Reason.UNKNOWN_ORDER: NO_ORDER,
    Reason.NO_LIQUIDITY: (25105, "This symbol is not available for market orders now"),
}
FUNDS = {Market.SPOT: (25202, "Insufficient balance"), Market.PERP: (25203, "Insufficient margin")}
TROUBLES: dict[FaultName, tuple[int, str, int]] = {
    FaultName.MAINTENANCE: (40200, "Server upgrade, please try again later", 503),
    FaultName.TIMEOUT_REFUSED: (40010, "Request timed out", 400),
    FaultName.ERROR_AFTER_ACCEPT: (45001, "Unknown error", 400),
    FaultName.ERROR_REFUSED: (40725, "service return an error", 503),
}
TOO_MANY = (429, "Too Many Requests")
BAD_TIME = (40005, "Invalid ACCESS_TIMESTAMP")
EXPIRED = (40008, "Request timestamp expired")
NO_SYMBOL = (25100, "Symbol does not exist")
KEYS = KeyRefusals(
    no_key=(40001, "ACCESS_KEY cannot be empty"),
    bad_key=(40006, "Invalid ACCESS_KEY"),
    bad_passphrase=(40012, "apikey/password is incorrect"),
    bad_signature=(40009, "sign signature error"),
    status=400,
)


def wrong(what: str) -> VenueError:
    """A parameter is missing or malformed."""
    return VenueError(400172, f"Parameter verification failed: {what}")


def refused(market: Market, reason: Reason) -> VenueError:
    """The answer to what the engine refuses."""
    return VenueError(*(FUNDS[market] if reason is Reason.INSUFFICIENT else REASONS[reason]))


def body_of(error: VenueError) -> dict[str, object]:
    """The JSON answer."""
    return {"code": str(error.code), "msg": error.message, "requestTime": 0, "data": None}
