"""Bitget's unified account as a dialect of the simulated venue: a table of routes, and how it knows and refuses."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.bitget import rest_account, rest_orders, rest_public
from opensqt.simulation.dialects.bitget.errors import KEYS, TOO_MANY, TROUBLES, body_of, refused
from opensqt.simulation.dialects.bitget.listing import CONDUCT, MARKETS, NAME, listed
from opensqt.simulation.dialects.bitget.placing import (
    BATCH,
    admit,
    legs,
    order_named,
    read_body,
    stated,
)
from opensqt.simulation.dialects.bitget.signature import KEY, check_request, check_window
from opensqt.simulation.dialects.bitget.streams import BitgetStreams
from opensqt.simulation.engine.orders import IdentityPolicy
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.dialect import ApiKey, DialectEntry
from opensqt.simulation.server.faults import FaultName
from opensqt.simulation.server.order_meter import OrderMeter
from opensqt.simulation.server.passphrase_keys import PassphraseKeyring

HOSTS = ("api.bitget.com", "ws.bitget.com", "*.bitget.com", "bitget.com")
ROUTES: Routes = {**rest_public.ROUTES, **rest_orders.ROUTES, **rest_account.ROUTES}
SPAN_MS, ORDERS_MAX = 1000, 10  # docs, place-order: of an account
# From memory: how long an order that ended without a fill is shown.
UNFILLED_VISIBLE_MS = 24 * 3_600_000


def _unknown(_context: VenueContext, call: ApiCall) -> object:
    raise VenueError(40404, f"Request URL NOT FOUND: no {call.method} {call.path} here.", 404)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


class BitgetDialect:
    """The dialect of one running venue, with its keys and what it has counted."""

    def __init__(self, keys: Mapping[str, ApiKey], records: Records) -> None:
        del records
        self._keyring = PassphraseKeyring(keys, KEYS)
        meters = {market: OrderMeter(SPAN_MS, ORDERS_MAX, TOO_MANY) for market in Market}
        self.meter = meters.__getitem__
        self.order_named, self.stated, self.body = order_named, stated, body_of

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request: its category tells the market, or that of its first order."""
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        try:
            params |= read_body(request.body)
        except VenueError:
            params = {"": request.body}  # no handler understands it, and each refuses it
        call = ApiCall(market=Market.SPOT, method=request.method, path=request.path, params=params)
        return ApiCall(
            market=MARKETS.get(_first(call).text("category"), Market.SPOT),
            method=request.method,
            path=request.path,
            params=params,
        )

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that answers 404 where there is none."""
        return ROUTES.get((call.method, call.path), NO_ROUTE)

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError`."""
        return self._keyring.account(request.headers.get(KEY, ""))

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check time and signature; raise `VenueError`."""
        del call
        check_request(self._keyring, request, now_ms)

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call, or the first order of a batch, names."""
        return _first(call).text("symbol")

    def trouble(self, fault: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""
        return VenueError(*TROUBLES[fault])

    def streams(self, context: VenueContext) -> BitgetStreams:
        """Begin to serve streams."""
        return BitgetStreams(context, self._keyring)


def _first(call: ApiCall) -> ApiCall:
    """The call of the first order of a batch; the call itself where it is none."""
    if BATCH not in call.params:
        return call
    try:
        return legs(call)[0]
    except VenueError:
        return call


DIALECT = DialectEntry(
    name=NAME,
    hosts=HOSTS,
    open=BitgetDialect,
    listed=listed,
    check_window=check_window,
    admit=admit,
    refused=refused,
    body=body_of,
    conduct=CONDUCT,
    identity=IdentityPolicy(unfilled_visible_ms=UNFILLED_VISIBLE_MS),
)
