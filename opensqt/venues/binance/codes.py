"""Documented codes of Binance that refuse nothing: what leaves an order in doubt, and what answers other requests.

Together with `refusals` every code of the two documentations stands in a table, and a test compares them.
Nothing here makes an answer definite: it only lets the log tell what is documented from what nobody has seen.
Sources: binance-spot-api-docs errors.md; the error-code page of USDⓈ-M.
"""

from opensqt.domain.instruments import Market

# The documentation says that the outcome is unknown, or does not say that nothing happened.
IN_DOUBT: dict[int, str] = {
    -1000: "unknown error while processing",
    -1001: "disconnected, internal error",
    -1004: "server is busy",
    -1006: "unexpected response from the message bus, execution status unknown",
    -1007: "timeout of the backend, execution status unknown",
    -1008: "overloaded or throttled by the system",
    -1010: "error message received",
    -1016: "service shutting down",
    -1099: "not found, unauthenticated or unauthorized",
}
IN_DOUBT_PERP: dict[int, str] = {
    -2012: "batch cancel failure: which of them, it does not say",
    -4000: "invalid order status",
    -4083: "fail to place batch orders: which of them, it does not say",
}


def _all(*spans: tuple[int, int] | int) -> frozenset[int]:
    """Return the codes of spans, both ends included."""
    codes: set[int] = set()
    for span in spans:
        first, last = (span, span) if isinstance(span, int) else span
        codes.update(range(last, first + 1))
    return frozenset(codes)


# Answers to requests that we never send. Spot: FIX and SBE sessions, lists, pegs, amendments, streams, reads.
ELSEWHERE_SPOT = _all(
    *((-1033, -1035), -1125, -1127, -1139, (-1151, -1153), -1155, -1158, -1160, -1161),
    *(-1165, -1166, (-1168, -1191), (-1196, -1199), (-1210, -1211), (-1220, -1225)),
    *(-2016, -2021, -2022, -2035, -2036, -2039, -2042, -2043),
)
# USDⓈ-M: administration of filters, margin, leverage and positions, conditional orders, options, amendments, reads.
ELSEWHERE_PERP = _all(
    *(-1005, -1023, -1113, -1125, -1127, -2016, (-4006, -4012), (-4017, -4019), -4021, -4022),
    *((-4025, -4031), -4033, (-4044, -4049), (-4052, -4054), (-4056, -4059), (-4063, -4081)),
    *((-4085, -4086), -4104, (-4114, -4115), -4117, -4135, (-4137, -4139), -4142, -4161, -4165),
    *((-4167, -4172), (-4202, -4203), (-4205, -4206), (-4208, -4211), -4403, -5026, -5027),
    *(-5037, -5038, -5040, -5041, -5043),
)


def doubts_of(market: Market) -> dict[int, str]:
    """Return by code why a documented error refuses nothing, in the documentation's sense."""
    perp = market is Market.PERP
    elsewhere = ELSEWHERE_PERP if perp else ELSEWHERE_SPOT
    found = dict.fromkeys(elsewhere, "it answers other requests than ours")
    return found | IN_DOUBT | (IN_DOUBT_PERP if perp else {})
