"""OKX as a dialect of the simulated venue: a table of routes, and how it knows and refuses."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.okx import rest_account, rest_public, rest_trade
from opensqt.simulation.dialects.okx.errors import body_of, refused
from opensqt.simulation.dialects.okx.listing import KINDS, NAME, listed
from opensqt.simulation.dialects.okx.order_parsing import (
    BATCH,
    admit,
    legs,
    order_named,
    read_body,
    stated,
)
from opensqt.simulation.dialects.okx.signature import REFUSALS, check_request, check_window
from opensqt.simulation.dialects.okx.streams import OkxStreams
from opensqt.simulation.engine.orders import IdentityPolicy, VenueConduct
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.dialect import ApiKey, DialectEntry
from opensqt.simulation.server.faults import FaultName
from opensqt.simulation.server.order_meter import OrderMeter
from opensqt.simulation.server.passphrase_keys import PassphraseKeyring

HOSTS = ("www.okx.com", "ws.okx.com", "*.okx.com")
ROUTES: Routes = {**rest_public.ROUTES, **rest_trade.ROUTES, **rest_account.ROUTES}
SPAN_MS, ORDERS_MAX = 2000, 60  # docs: places of an account, by instrument
TOO_MANY = (50011, "Too Many Requests")
UNKNOWN_STATUS = (
    50004,
    "API endpoint request timeout (does not mean that the request was successful or failed)",
)
TROUBLES: dict[FaultName, tuple[int, str, int]] = {
    FaultName.MAINTENANCE: (50001, "Service temporarily unavailable. Try again later", 503),
    FaultName.TIMEOUT_REFUSED: (*UNKNOWN_STATUS, 400),
    FaultName.ERROR_AFTER_ACCEPT: (*UNKNOWN_STATUS, 400),
    FaultName.ERROR_REFUSED: (50013, "Systems are busy. Please try again later.", 503),
}
# "Order details": what was cancelled without a trade is gone after two hours.
UNFILLED_VISIBLE_MS = 2 * 3_600_000


def _unknown(_context: VenueContext, call: ApiCall) -> object:
    raise VenueError(404, f"The paper venue has no {call.method} {call.path}.", 404)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


class OkxDialect:
    """The dialect of one running venue, with its keys and what it has counted."""

    def __init__(self, keys: Mapping[str, ApiKey], records: Records) -> None:
        del records
        self._keyring = PassphraseKeyring(keys, REFUSALS)
        self._meters = {market: OrderMeter(SPAN_MS, ORDERS_MAX, TOO_MANY) for market in Market}
        self.meter = self._meters.__getitem__
        self.order_named, self.stated, self.body = order_named, stated, body_of

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request: its instrument tells the market."""
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        try:
            params |= read_body(request.body)
        except VenueError:
            params = {"": request.body}  # no handler understands it, and each refuses it
        call = ApiCall(market=Market.SPOT, method=request.method, path=request.path, params=params)
        swap = KINDS[Market.PERP]
        named = call.text("instType") == swap or self.symbol_of(call).endswith(f"-{swap}")
        return ApiCall(
            market=Market.PERP if named else Market.SPOT,
            method=request.method,
            path=request.path,
            params=params,
        )

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that answers 404 where there is none."""
        return ROUTES.get((call.method, call.path), NO_ROUTE)

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError`."""
        return self._keyring.account(request.headers.get("OK-ACCESS-KEY", ""))

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check time, deadline and signature; raise `VenueError`."""
        del call
        check_request(self._keyring, request, now_ms)

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call, or the first order of a batch, names."""
        if BATCH not in call.params:
            return call.text("instId")
        try:
            return legs(call)[0].text("instId")
        except VenueError:
            return ""

    def trouble(self, fault: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""
        return VenueError(*TROUBLES[fault])

    def streams(self, context: VenueContext) -> OkxStreams:
        """Begin to serve streams."""
        return OkxStreams(context, self._keyring)


DIALECT = DialectEntry(
    name=NAME,
    hosts=HOSTS,
    open=OkxDialect,
    listed=listed,
    check_window=check_window,
    admit=admit,
    refused=refused,
    body=body_of,
    conduct=VenueConduct(takes_post_only=True, one_wallet=True),
    identity=IdentityPolicy(unfilled_visible_ms=UNFILLED_VISIBLE_MS),
)
