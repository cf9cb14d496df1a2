"""What an operator of the simulation may ask and set: readiness, and the faults in force. Loopback only, by token."""

import hmac
from collections.abc import Callable, Iterable

import msgspec
from aiohttp import web

from opensqt.simulation.engine.incidents import PriceGrid, change_grid
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match

ADMIN_HOST = "venue.admin"
LOCAL = ("127.0.0.1", "::1")


class Admin:
    """The admin page, and those faults that come over connections and instruments by themselves."""

    def __init__(
        self,
        context: VenueContext,
        ready: Callable[[], bool],
        wires: Iterable[ClientSocket],
        token: str,
    ) -> None:
        self._context, self._ready, self._wires, self._token = context, ready, wires, token
        self._faults = context.faults
        self._storm_at_ms: dict[int, int] = {}

    def inject(self, script: FaultScript) -> None:
        """Put a script in force; what it does at once is done when this returns."""
        self._faults.load(script)
        self._storm_at_ms.clear()
        for rule in script.rules:
            match rule.fault:
                case FaultName.DISCONNECT:
                    self.disconnect(rule.match.kind)
                case FaultName.MAINTENANCE:
                    self.disconnect("")
                case FaultName.PRECISION_CHANGE:
                    self._regrid(rule)
                case _:
                    pass

    def _regrid(self, rule: FaultRule) -> None:
        """Change the grid of the instruments that a rule names; 0 leaves tick or step as they are."""
        exchange = self._context.exchange
        for rules in list(exchange.rules.values()):
            meant = Match(market=rules.market.value, symbol=rules.venue_symbol)
            if rule.match.fits(meant):
                grid = PriceGrid(
                    tick_size=rule.tick_size or rules.tick_size,
                    quantity_step=rule.quantity_step or rules.quantity_step,
                )
                change_grid(exchange, rules.symbol, grid)

    def disconnect(self, kind: str) -> None:
        """Cut streams at once: public, private or (empty) all."""
        for wire in list(self._wires):
            if not kind or kind == ("private" if wire.account else "public"):
                wire.cut()

    def storm(self) -> None:
        """Cut streams whenever a disconnect storm is due."""
        wall_ms = self._context.exchange.clock.wall_ms()
        for index, rule in enumerate(self._faults.rules):
            if rule.fault is FaultName.DISCONNECT_STORM:
                due_ms = self._storm_at_ms.setdefault(index, wall_ms + rule.ms)
                if wall_ms >= due_ms:
                    self._storm_at_ms[index] = wall_ms + rule.ms
                    if self._faults.draw((FaultName.DISCONNECT_STORM,), rule.match) is not None:
                        self.disconnect(rule.match.kind)

    async def page(self, request: web.Request) -> web.Response:
        """GET /healthz, GET and POST /admin/faults; faults only for who has the token, where there is one."""
        if request.path in ("/healthz", "/readyz"):
            ready = self._ready()
            return web.json_response({"ready": ready}, status=200 if ready else 503)
        if request.path != "/admin/faults" or request.remote not in LOCAL:
            return web.json_response({"error": f"no such page {request.path}"}, status=404)
        said = request.headers.get("Authorization", "").removeprefix("Bearer ").encode()
        if self._token and not hmac.compare_digest(said, self._token.encode()):
            return web.json_response({"error": "Authorization: Bearer TOKEN"}, status=401)
        if request.method == "POST":
            try:
                script = msgspec.json.decode(await request.read(), type=FaultScript)
            except (ValueError, RecursionError) as error:
                return web.json_response({"error": str(error)}, status=400)
            self.inject(script)
        met = [
            {"rule": msgspec.to_builtins(r), "met": m}
            for r, m in zip(self._faults.rules, self._faults.met, strict=True)
        ]
        return web.json_response({"faults": met})
