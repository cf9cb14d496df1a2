"""Binance spot and USDⓈ-M as a dialect of the simulated venue: a table of routes, and how it knows and refuses."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.binance import (
    rest_account,
    rest_listen_key,
    rest_public,
    rest_spot,
    rest_usdm,
)
from opensqt.simulation.dialects.binance.errors import (
    OVERLOADED,
    UNAVAILABLE,
    UNKNOWN_STATUS,
    body_of,
    refused,
)
from opensqt.simulation.dialects.binance.limits import SPOT_LIMITS, USDM_LIMITS, RateMeter
from opensqt.simulation.dialects.binance.listen_keys import ListenKeys
from opensqt.simulation.dialects.binance.listing import NAME, listed
from opensqt.simulation.dialects.binance.order_parsing import admit, order_named, stated
from opensqt.simulation.dialects.binance.signature import (
    Keyring,
    check_time,
    check_window,
    signed_payload,
)
from opensqt.simulation.dialects.binance.streams import BinanceStreams
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.dialect import ApiKey, DialectEntry
from opensqt.simulation.server.faults import FaultName

HOSTS = ("api.binance.com", "*.binance.com", "binance.com")
KEY_HEADER = "X-MBX-APIKEY"
SPOT_PREFIXES = ("/api/", "/sapi/")
ROUTES: Routes = {
    **rest_public.ROUTES,
    **rest_spot.ROUTES,
    **rest_usdm.ROUTES,
    **rest_account.ROUTES,
}
TROUBLES: dict[FaultName, tuple[int, str, int]] = {
    FaultName.MAINTENANCE: UNAVAILABLE,
    FaultName.TIMEOUT_REFUSED: (*UNKNOWN_STATUS, 408),
    FaultName.ERROR_AFTER_ACCEPT: (*UNKNOWN_STATUS, 503),
    FaultName.ERROR_REFUSED: (*OVERLOADED, 503),
}


def _unknown(_context: VenueContext, call: ApiCall) -> object:
    raise VenueError(-1000, f"The paper venue has no {call.method} {call.path}.", 404)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


class BinanceDialect:
    """The dialect of one running venue, with its keys and what it has counted."""

    def __init__(self, keys: Mapping[str, ApiKey], records: Records) -> None:
        self._keyring = Keyring(keys)
        self._listen_keys = ListenKeys(records.meta("listen_keys"))
        self._meters = {Market.SPOT: RateMeter(SPOT_LIMITS), Market.PERP: RateMeter(USDM_LIMITS)}
        self._routes = {**ROUTES, **rest_listen_key.routes(self._listen_keys)}
        self.meter = self._meters.__getitem__
        self.order_named, self.stated, self.body = order_named, stated, body_of

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request."""
        sent = parse_qsl(f"{request.query}&{request.body}", keep_blank_values=True)
        return ApiCall(
            market=Market.SPOT if request.path.startswith(SPOT_PREFIXES) else Market.PERP,
            method=request.method,
            path=request.path,
            params=dict(sent),
        )

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that answers 404 where there is none."""
        return self._routes.get((call.method, call.path), NO_ROUTE)

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError` -2014 or -2015."""
        return self._keyring.account(request.headers.get(KEY_HEADER, ""))

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check recvWindow and signature; raise `VenueError`."""
        check_time(call.params, now_ms)
        payload = signed_payload(request.query, request.body)
        self._keyring.verify(request.headers.get(KEY_HEADER, ""), payload, call.text("signature"))

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call names."""
        return call.text("symbol").upper()

    def trouble(self, fault: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""
        return VenueError(*TROUBLES[fault])

    def streams(self, context: VenueContext) -> BinanceStreams:
        """Begin to serve streams."""
        return BinanceStreams(context, self._keyring, self._listen_keys)


DIALECT = DialectEntry(
    name=NAME,
    hosts=HOSTS,
    open=BinanceDialect,
    listed=listed,
    check_window=check_window,
    admit=admit,
    refused=refused,
    body=body_of,
)
