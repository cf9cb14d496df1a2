"""Bybit v5 as a dialect of the simulated venue: a table of routes, and how it knows and refuses."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bybit import rest_account, rest_orders, rest_public
from opensqt.simulation.dialects.bybit.errors import TROUBLES, body_of, fault, refused
from opensqt.simulation.dialects.bybit.limits import AddressMeter, BybitMeter
from opensqt.simulation.dialects.bybit.listing import CONDUCT, MARKETS, NAME, listed
from opensqt.simulation.dialects.bybit.placing import admit, order_named, stated
from opensqt.simulation.dialects.bybit.signature import KEY, BybitKeyring, check_time, check_window
from opensqt.simulation.dialects.bybit.streams import BybitStreams
from opensqt.simulation.engine.orders import IdentityPolicy
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError, text_of
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.dialect import ApiKey, DialectEntry
from opensqt.simulation.server.faults import FaultName

HOSTS = ("api.bybit.com", "stream.bybit.com", "*.bybit.com", "bybit.com")
ROUTES: Routes = {**rest_public.ROUTES, **rest_orders.ROUTES, **rest_account.ROUTES}
WEEK_MS = 7 * 24 * 3_600_000
# docs: orders that ended without a fill are shown for seven days.
IDENTITY = IdentityPolicy(unfilled_visible_ms=WEEK_MS)


def _unknown(_context: VenueContext, call: ApiCall) -> object:
    raise fault(10017, f"Route not found: the paper venue has no {call.method} {call.path}.", 404)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


class BybitDialect:
    """The dialect of one running venue, with its keys and what it has counted."""

    def __init__(self, keys: Mapping[str, ApiKey], records: Records) -> None:
        del records  # it keeps nothing of its own
        self._keyring = BybitKeyring(keys)
        address = AddressMeter()
        self.meter = {market: BybitMeter(market, address) for market in Market}.__getitem__
        self.order_named, self.stated, self.body = order_named, stated, body_of

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request; a body that is no object has none."""
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        if request.body:
            params |= _body(request.body)
        return ApiCall(
            market=MARKETS.get(params.get("category", ""), Market.PERP),
            method=request.method,
            path=request.path,
            params=params,
        )

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that answers 404 where there is none."""
        return ROUTES.get((call.method, call.path), NO_ROUTE)

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError` 10003."""
        return self._keyring.account(request.headers.get(KEY, ""))

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check receive window and signature; raise `VenueError`."""
        del call
        check_time(request.headers, now_ms)
        self._keyring.verify(request)

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call names."""
        return call.text("symbol")

    def trouble(self, fault_name: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""
        return VenueError(*TROUBLES[fault_name])

    def streams(self, context: VenueContext) -> BybitStreams:
        """Begin to serve streams."""
        return BybitStreams(context, self._keyring)


def _body(raw: str) -> dict[str, str]:
    try:
        stated = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return {}
    return {name: _text(bytes(value)) for name, value in stated.items()}


def _text(raw: bytes) -> str:
    """Write a value as a parameter; lists and objects stay JSON."""
    if raw[:1] in (b"[", b"{"):
        return raw.decode()
    value = msgspec.json.decode(raw)
    return text_of(value) if not isinstance(value, float) else raw.decode()


DIALECT = DialectEntry(
    name=NAME,
    hosts=HOSTS,
    open=BybitDialect,
    listed=listed,
    check_window=check_window,
    admit=admit,
    refused=refused,
    body=body_of,
    conduct=CONDUCT,
    identity=IDENTITY,
)
