"""What a dialect is to the pipeline: routes, who sent a request, refusals in its own words, streams. No behaviour.

A dialect is one folder of `simulation/dialects` whose module `dialect` holds a `DialectEntry` named `DIALECT`.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.orders import (
    IdentityPolicy,
    Placement,
    Reason,
    VenueConduct,
    VenueOrder,
)
from opensqt.simulation.engine.records import Records
from opensqt.simulation.server.call import ApiCall, HttpRequest, VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import Route, VenueContext
from opensqt.simulation.server.faults import FaultName
from opensqt.simulation.server.refusals import StatedOrder


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An account's key as DATA/venue/keys.json holds it."""

    api_key: str
    secret: str
    passphrase: str = ""

    def __repr__(self) -> str:
        """Show no secret."""
        return "ApiKey(...)"


class RequestMeter(Protocol):
    """The rate limits of one market, in wall time; refusals are `VenueError`."""

    def weigh(self, weight: int, wall_ms: int) -> None:
        """Count a request, or refuse it."""

    def count_orders(
        self, account: str, orders: int, wall_ms: int, *, slow: int | None = None
    ) -> None:
        """Count new orders of an account, or refuse them."""

    def bar(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """Refuse everything until a wall time; return the refusal of this request."""

    def refusal(self, status: int, until_ms: int, wall_ms: int) -> VenueError:
        """State that there were too many requests and until when to wait."""

    def headers(self, account: str, *, orders: bool) -> dict[str, str]:
        """What the answer says about use."""


class Streams(Protocol):
    """The sockets of a venue: who listens to what, and what they are sent."""

    @property
    def attached(self) -> int:
        """How many connections listen to private frames."""

    def market_of(self, host: str) -> Market:
        """Which market a host serves."""

    def open(self, wire: ClientSocket, query: Mapping[str, str]) -> None:
        """Serve what the address of a new connection itself asks for."""

    def receive(self, wire: ClientSocket, raw: str) -> None:
        """Serve a request that came over a connection."""

    def close(self, wire: ClientSocket) -> None:
        """Forget a connection."""

    def flush(self) -> None:
        """Send what came up since the last call."""

    def tick(self) -> None:
        """Send what goes out every 100 ms of wall time."""


class WireDialect(Protocol):
    """One venue's language, for one running venue."""

    def read(self, request: HttpRequest) -> ApiCall:
        """Read market and parameters of a request."""

    def route(self, call: ApiCall) -> Route:
        """Find the endpoint; one that refuses where the venue has none."""

    def identify(self, request: HttpRequest) -> str:
        """Whose key a request names; raise `VenueError`."""

    def verify(self, request: HttpRequest, call: ApiCall, now_ms: int) -> None:
        """Check time and signature of a request; raise `VenueError`."""

    def meter(self, market: Market) -> RequestMeter:
        """The limits of a market."""

    def symbol_of(self, call: ApiCall) -> str:
        """The venue's id of the instrument that a call names, empty where it names none."""

    def order_named(self, context: VenueContext, call: ApiCall) -> VenueOrder | None:
        """Find the open order that a cancel names; raise `VenueError` for an unknown instrument."""

    def stated(self, call: ApiCall, kind: Kind) -> StatedOrder:
        """Read what a place or a cancel says of its order, for the audit of refusals."""

    def trouble(self, fault: FaultName) -> VenueError:
        """The answer to a request that meets this fault."""

    def body(self, error: VenueError) -> object:
        """The JSON of a refusal."""

    def streams(self, context: VenueContext) -> Streams:
        """Begin to serve streams."""


class DialectEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A dialect as its folder offers it: for which hosts it speaks, and how it is opened and lists instruments.

    What it does not take it refuses by `VenueError`: a request outside its window (when it was signed, how long it may
    last, and now, in market ms), a placement that breaks a filter, and what the engine refuses; `body` is its JSON.
    """

    name: str
    hosts: tuple[str, ...]
    open: Callable[[Mapping[str, ApiKey], Records], WireDialect]
    listed: Callable[[InstrumentRules], InstrumentRules]
    check_window: Callable[[int, int, int], None]
    admit: Callable[[Exchange, Placement], None]
    refused: Callable[[Market, Reason], VenueError]
    body: Callable[[VenueError], object]
    conduct: VenueConduct = VenueConduct()
    identity: IdentityPolicy = IdentityPolicy()
