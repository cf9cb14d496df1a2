"""From an HTTP request to an answer: route, limits, key, signature, time, faults, handler, commit, audit of refusals.

The commit always comes before the answer. A fault decides what happens to the answer, never to the books. What a
request means, and in which words it is refused, the dialect says.
"""

import msgspec

from opensqt.simulation.engine.audit import Kind
from opensqt.simulation.engine.incidents import fill_some
from opensqt.simulation.server.call import ApiCall, HttpAnswer, HttpRequest, VenueError
from opensqt.simulation.server.context import Route, VenueContext
from opensqt.simulation.server.dialect import WireDialect
from opensqt.simulation.server.faults import FaultName, FaultRule, Match
from opensqt.simulation.server.refusals import state_refusal

AUDITED = {
    "place": Kind.PLACE,
    "place_batch": Kind.PLACE,
    "cancel": Kind.CANCEL,
    "cancel_batch": Kind.CANCEL,
}
BEFORE = (
    FaultName.LOST_REQUEST,
    FaultName.TIMEOUT_REFUSED,
    FaultName.LIMITED,
    FaultName.BANNED,
    FaultName.ERROR_REFUSED,
)
AFTER = (FaultName.LOST_ACK, FaultName.LATE_ACK, FaultName.ERROR_AFTER_ACCEPT)
RETRY_AFTER_MS = 1000


def _orders_of(route: Route, call: ApiCall) -> list[ApiCall]:
    """Return the calls of a batch's orders, or the call itself."""
    if route.legs is None:
        return [call]
    try:
        return route.legs(call)
    except VenueError:
        return [call]  # no readable batch: one row tells of it


class Dispatcher:
    """All REST endpoints of one venue."""

    def __init__(self, context: VenueContext, dialect: WireDialect) -> None:
        self._context, self._dialect, self._faults = context, dialect, context.faults

    def serve(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request."""
        dialect, exchange = self._dialect, self._context.exchange
        call = dialect.read(request)
        meter, route = dialect.meter(call.market), dialect.route(call)
        try:
            meter.weigh(route.weight, exchange.clock.wall_ms())
            call = self._identify(request, route, call)
            return self._run(request, route, call)
        except VenueError as error:
            if route.kind in AUDITED and call.account and error.status < 500:
                for one in _orders_of(route, call):
                    state_refusal(self._context, one, AUDITED[route.kind], error, dialect.stated)
            headers = {**meter.headers(call.account, orders=False), **error.headers}
            return HttpAnswer(status=error.status, body=self._body(error), headers=headers)

    def _identify(self, request: HttpRequest, route: Route, call: ApiCall) -> ApiCall:
        if not (route.keyed or route.signed):
            return call
        return msgspec.structs.replace(call, account=self._dialect.identify(request))

    def _run(self, request: HttpRequest, route: Route, call: ApiCall) -> HttpAnswer:
        occasion = Match(
            kind=route.kind,
            market=call.market.value,
            account=call.account,
            symbol=self._dialect.symbol_of(_orders_of(route, call)[0]),
        )
        closed = self._context.is_closed(occasion)
        if closed and not route.always:
            raise self._dialect.trouble(FaultName.MAINTENANCE)
        before = self._faults.draw(BEFORE, occasion)
        if before is not None:
            if before.fault is FaultName.LOST_REQUEST:
                return HttpAnswer(lost=True)
            raise self._early_error(call, before)
        call = msgspec.structs.replace(call, skew_ms=self._context.skew_ms(occasion), closed=closed)
        if route.signed:
            self._dialect.verify(request, call, self._context.now_ms() + call.skew_ms)
        call = self._clouded(route, call, occasion)
        meter = self._dialect.meter(call.market)
        if route.orders:
            wall_ms = self._context.exchange.clock.wall_ms()
            meter.count_orders(call.account, route.orders, wall_ms, slow=route.orders_slow)
        if AUDITED.get(route.kind) is Kind.CANCEL:
            for one in _orders_of(route, call):
                self._fill_before_cancel(one, occasion)
        result = route.handler(self._context, call)
        self._context.exchange.commit()
        after = self._faults.draw(AFTER, occasion)
        if after is not None and after.fault is FaultName.LOST_ACK:
            return HttpAnswer(lost=True)
        headers = meter.headers(call.account, orders=route.orders > 0)
        if after is not None and after.fault is FaultName.ERROR_AFTER_ACCEPT:
            error = self._dialect.trouble(after.fault)
            return HttpAnswer(status=error.status, body=self._body(error), headers=headers)
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
        order = self._dialect.order_named(self._context, call)
        if order is None:
            return
        rule = self._faults.draw((FaultName.FILL_BEFORE_CANCEL,), occasion)
        if rule is not None:
            fill_some(self._context.exchange, order, rule.share)

    def _early_error(self, call: ApiCall, rule: FaultRule) -> VenueError:
        match rule.fault:
            case FaultName.LIMITED | FaultName.BANNED:
                status, wall_ms = int(rule.fault.value), self._context.exchange.clock.wall_ms()
                meter = self._dialect.meter(call.market)
                if rule.ms:
                    return meter.bar(status, wall_ms + rule.ms, wall_ms)
                return meter.refusal(status, wall_ms + RETRY_AFTER_MS, wall_ms)
            case _:
                return self._dialect.trouble(rule.fault)

    def _body(self, error: VenueError) -> bytes:
        return msgspec.json.encode(self._dialect.body(error))
