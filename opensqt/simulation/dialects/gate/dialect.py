"""Gate APIv4 as a dialect of the simulated venue: a table of routes, and how it knows and refuses."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.gate import rest_account, rest_orders, rest_public
from opensqt.simulation.dialects.gate.errors import TROUBLES, body_of, refused
from opensqt.simulation.dialects.gate.limits import GateMeter
from opensqt.simulation.dialects.gate.listing import NAME, NAMED_BY, SIZES_AS_TEXT, listed
from opensqt.simulation.dialects.gate.parameters import read_body, unknown_route
from opensqt.simulation.dialects.gate.placing import admit, order_named, stated
from opensqt.simulation.dialects.gate.signature import KEY, GateKeyring, check_window
from opensqt.simulation.dialects.gate.streams import GateStreams
from opensqt.simulation.engine.orders import GATE_IDENTITY
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.dialect import ApiKey, DialectEntry
from opensqt.simulation.server.faults import FaultName

HOSTS = ("api.gateio.ws", "fx-ws.gateio.ws", "*.gateio.ws", "gateio.ws")
ROUTES: Routes = {**rest_public.ROUTES, **rest_orders.ROUTES, **rest_account.ROUTES}
PERPETUALS = rest_public.FUTURES


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))


# Paths that end in, or go through, the name of something.
NAMING = {path: _pattern(path) for _, path in ROUTES if "{" in path}


def _unknown(context: VenueContext, call: ApiCall) -> object:
    raise unknown_route(context, call)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


class GateDialect:
    """The dialect of one running venue, with its keys and what it has counted."""

    def __init__(self, keys: Mapping[str, ApiKey], records: Records) -> None:
        del records  # it keeps nothing of its own
        self._keyring = GateKeyring(keys)
        self.meter = {market: GateMeter(market) for market in Market}.__getitem__
        self.order_named, self.stated, self.body = order_named, stated, body_of

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request, from its path, too; a body that is no JSON has none."""
        params = dict(parse_qsl(request.query, keep_blank_values=True))
        try:
            params |= read_body(request.body)
        except VenueError:
            params["unreadable"] = "true"
        if request.headers.get(SIZES_AS_TEXT, "") == "1":
            params[SIZES_AS_TEXT] = "1"
        path = request.path
        if (request.method, path) not in ROUTES:
            for template, pattern in NAMING.items():
                found = pattern.fullmatch(path)
                if found is not None:
                    path, params = template, params | found.groupdict()
                    break
        return ApiCall(
            market=Market.PERP if path.startswith(PERPETUALS) else Market.SPOT,
            method=request.method,
            path=path,
            params=params,
        )

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that answers 404 where there is none."""
        return ROUTES.get((call.method, call.path), NO_ROUTE)

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError`."""
        return self._keyring.account(request.headers.get(KEY, ""))

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check time, deadline and signature; raise `VenueError`."""
        del call
        self._keyring.verify(request, now_ms)
        read_body(request.body)

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call names."""
        return call.text(NAMED_BY[call.market])

    def trouble(self, fault_name: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""
        return VenueError(*TROUBLES[fault_name])

    def streams(self, context: VenueContext) -> GateStreams:
        """Begin to serve streams."""
        return GateStreams(context, self._keyring)


DIALECT = DialectEntry(
    name=NAME,
    hosts=HOSTS,
    open=GateDialect,
    listed=listed,
    check_window=check_window,
    admit=admit,
    refused=refused,
    body=body_of,
    identity=GATE_IDENTITY,
)
