"""From an HTTP request to an answer: route, limits, key, signature, time, faults, handler, commit, audit of refusals.

The commit always comes before the answer. A fault decides what happens to the answer, never to the books.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.binance import rest_account, rest_public, rest_spot, rest_usdm
from opensqt.simulation.dialects.binance.errors import UNAVAILABLE, UNKNOWN_STATUS, VenueError
from opensqt.simulation.dialects.binance.order_parsing import refused_row
from opensqt.simulation.dialects.binance.signature import check_time, signed_payload
from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.incidents import fill_some
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Route, Routes, VenueContext
from opensqt.simulation.server.faults import FaultName, FaultRule, Match

ROUTES: Routes = {
    **rest_public.ROUTES,
    **rest_spot.ROUTES,
    **rest_usdm.ROUTES,
    **rest_account.ROUTES,
}
AUDITED = {
    "place": Kind.PLACE,
    "place_batch": Kind.PLACE,
    "cancel": Kind.CANCEL,
    "cancel_batch": Kind.CANCEL,
}
BATCHES = ("place_batch", "cancel_batch")
BEFORE = (
    FaultName.LOST_REQUEST,
    FaultName.TIMEOUT_REFUSED,
    FaultName.LIMITED,
    FaultName.BANNED,
    FaultName.ERROR_REFUSED,
)
AFTER = (FaultName.LOST_ACK, FaultName.LATE_ACK, FaultName.ERROR_AFTER_ACCEPT)
RETRY_AFTER_MS = 1000


def _unknown(_floor: VenueContext, call: ApiCall) -> object:
    raise VenueError(-1000, f"The paper venue has no {call.method} {call.path}.", 404)


NO_ROUTE = Route(handler=_unknown, kind="unknown")


def _orders_of(route: Route, call: ApiCall) -> list[ApiCall]:
    """Return the calls of a batch's orders, or the call itself."""
    if route.kind not in BATCHES:
        return [call]
    try:
        return rest_usdm.legs(call)
    except VenueError:
        return [call]  # no readable batch: one row tells of it


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request as it came."""

    method: str
    path: str
    query: str
    body: str
    api_key: str


class HttpAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer; `lost` means that the connection is dropped instead, `delay_ms` (wall) that it comes late."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}
    lost: bool = False
    delay_ms: int = 0


class Dispatcher:
    """All REST endpoints over one floor."""

    def __init__(self, floor: VenueContext) -> None:
        self._floor, self._faults = floor, floor.faults

    def serve(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        market = Market.SPOT if request.path.startswith(("/api/", "/sapi/")) else Market.PERP
        meter = self._floor.meters[market]
        route = ROUTES.get((request.method, request.path), NO_ROUTE)
        call = ApiCall(
            market=market,
            method=request.method,
            path=request.path,
            params=dict(parse_qsl(f"{request.query}&{request.body}", keep_blank_values=True)),
        )
        try:
            meter.weigh(route.weight, self._floor.exchange.clock.wall_ms())
            call = self._identify(request, route, call)
            return self._run(request, route, call)
        except VenueError as error:
            if route.kind in AUDITED and call.account and error.status < 500:
                for one in _orders_of(route, call):
                    row = refused_row(self._floor, one, AUDITED[route.kind], error)
                    self._floor.exchange.refuse(row)
            headers = {**meter.headers(call.account, orders=False), **error.headers}
            return HttpAnswer(
                status=error.status, body=msgspec.json.encode(error.body), headers=headers
            )

    def _identify(self, request: HttpRequest, route: Route, call: ApiCall) -> ApiCall:
        if not (route.keyed or route.signed):
            return call
        account = self._floor.keyring.account(request.api_key)
        return msgspec.structs.replace(call, account=account)

    def _run(self, request: HttpRequest, route: Route, call: ApiCall) -> HttpAnswer:
        occasion = Match(
            kind=route.kind,
            market=call.market.value,
            account=call.account,
            symbol=_orders_of(route, call)[0].text("symbol").upper(),
        )
        closed = self._floor.is_closed(occasion)
        if closed and not route.always:
            raise VenueError(*UNAVAILABLE)
        before = self._faults.draw(BEFORE, occasion)
        if before is not None:
            if before.fault is FaultName.LOST_REQUEST:
                return HttpAnswer(lost=True)
            raise self._early_error(call, before)
        call = msgspec.structs.replace(call, skew_ms=self._floor.skew_ms(occasion), closed=closed)
        if route.signed:
            check_time(call.params, self._floor.now_ms() + call.skew_ms)
            payload = signed_payload(request.query, request.body)
            self._floor.keyring.verify(request.api_key, payload, call.text("signature"))
        call = self._clouded(route, call, occasion)
        meter = self._floor.meters[call.market]
        if route.orders:
            wall_ms = self._floor.exchange.clock.wall_ms()
            meter.count_orders(call.account, route.orders, wall_ms, slow=route.orders_slow)
        if AUDITED.get(route.kind) is Kind.CANCEL:
            for one in _orders_of(route, call):
                self._fill_before_cancel(one, occasion)
        result = route.handler(self._floor, call)
        self._floor.exchange.commit()
        after = self._faults.draw(AFTER, occasion)
        if after is not None and after.fault is FaultName.LOST_ACK:
            return HttpAnswer(lost=True)
        headers = meter.headers(call.account, orders=route.orders > 0)
        if after is not None and after.fault is FaultName.ERROR_AFTER_ACCEPT:
            body = VenueError(*UNKNOWN_STATUS).body
            return HttpAnswer(status=503, body=msgspec.json.encode(body), headers=headers)
        return HttpAnswer(
            body=msgspec.json.encode(result), headers=headers, delay_ms=after.ms if after else 0
        )

    def _clouded(self, route: Route, call: ApiCall, occasion: Match) -> ApiCall:
        """Let a read see an older world when a fault says so."""
        if call.method != "GET" or not route.signed:
            return call
        stale = self._faults.draw((FaultName.STALE_READS,), occasion)
        hidden = self._faults.draw((FaultName.VISIBILITY_LAG,), occasion)
        return msgspec.structs.replace(
            call, stale_ms=stale.ms if stale else 0, hidden_ms=hidden.ms if hidden else 0
        )

    def _fill_before_cancel(self, call: ApiCall, occasion: Match) -> None:
        """Let somebody trade with the order that is about to be cancelled."""
        rules = self._floor.directory.rules(call)
        order_id, client_id = call.integer("orderId"), call.text("origClientOrderId")
        orders = self._floor.exchange.open.get((call.account, rules.symbol), {})
        meant = (
            order
            for order in orders.values()
            if (
                order.client_order_id == client_id
                if order_id is None
                else order.order_id == order_id
            )
        )
        order = next(meant, None)
        if order is None:
            return
        rule = self._faults.draw((FaultName.FILL_BEFORE_CANCEL,), occasion)
        if rule is not None:
            fill_some(self._floor.exchange, order, rule.share)

    def _early_error(self, call: ApiCall, rule: FaultRule) -> VenueError:
        match rule.fault:
            case FaultName.LIMITED | FaultName.BANNED:
                status, wall_ms = int(rule.fault.value), self._floor.exchange.clock.wall_ms()
                meter = self._floor.meters[call.market]
                if rule.ms:
                    return meter.bar(status, wall_ms + rule.ms, wall_ms)
                return meter.refusal(status, wall_ms + RETRY_AFTER_MS, wall_ms)
            case FaultName.TIMEOUT_REFUSED:
                return VenueError(*UNKNOWN_STATUS, status=408)
            case _:
                return VenueError(-1008, "Request throttled by system-level protection.", 503)
