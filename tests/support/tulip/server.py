"""Tulip's server: one wallet, sizes in contracts, an acknowledgement that promises nothing, opaque cursors."""

import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from aiohttp import WSMsgType, web

CONTRACT = Decimal("0.01")
PERP, SPOT = "TLP-PERP", "TLP-USDT"
PAGE = 2
SECRET = "garden"
SKEW_MS_MAX = 5000
LISTED = [
    {"name": SPOT, "base": "TLP", "quote": "USDT", "kind": "spot", "size": "1"},
    {"name": PERP, "base": "TLP", "quote": "USDT", "kind": "swap", "size": str(CONTRACT)},
]
NEVER_MS = 1 << 62
Row = dict[str, Any]


class TulipServer:
    """One account's orders, trades and wallet; `fate` is what becomes of an order after its acknowledgement."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.fate = "live"  # live | denied | lost
        self.orders: dict[str, Row] = {}
        self.trades: list[Row] = []
        self.contracts = Decimal(0)
        self.placed: list[Row] = []  # every place that was acknowledged, as it came
        self._listeners: list[web.WebSocketResponse] = []
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on loopback."""
        app = web.Application()
        app.router.add_get("/stream", self._stream)
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no longer."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def fill(self, client: str, price: str, contracts: str, *, told: bool = True) -> None:
        """Let somebody take so many contracts of an order; `told`: the stream says it."""
        row, size = self.orders[client], Decimal(contracts)
        row["done"] = str(Decimal(row["done"]) + size)
        if Decimal(row["done"]) == Decimal(row["contracts"]):
            row["state"] = "full"
        self.contracts += size if row["side"] == "b" else -size
        trade = {
            "id": hashlib.sha256(f"{len(self.trades)}".encode()).hexdigest()[:12],
            "order": row["order"],
            "client": client,
            "market": row["market"],
            "side": row["side"],
            "price": price,
            "contracts": contracts,
            "fee": "0.05",
            "time": self.now_ms(),
            "cursor": f"c{len(self.trades):04d}x",
        }
        self.trades.append(trade)
        if told:
            await self._push({"trade": trade})
            await self._push({"order": row})

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.text()
        asked = json.loads(body) if body else dict(request.query)
        path = request.match_info["path"]
        if path not in ("markets", "time"):
            signed = request.headers.get("X-Time", "0")
            expected = hashlib.sha256(f"{SECRET}{signed}{path}".encode()).hexdigest()
            late = int(request.headers.get("X-Deadline", NEVER_MS)) < self.now_ms()
            if request.headers.get("X-Signature") != expected:
                return _said(why="bad_signature")
            if late or abs(int(signed) - self.now_ms()) > SKEW_MS_MAX:
                return _said(why="late")
        answer = getattr(self, f"_{request.method.lower()}_{path}", None)
        return _said(why="no_such_path") if answer is None else await answer(asked)

    async def _get_markets(self, _: Row) -> web.Response:
        return _said(LISTED)

    async def _get_time(self, _: Row) -> web.Response:
        return _said(self.now_ms())

    async def _get_fees(self, _: Row) -> web.Response:
        return _said({"maker": "0.0001", "taker": "0.0005"})

    async def _get_wallet(self, _: Row) -> web.Response:
        held = [{"market": PERP, "contracts": str(self.contracts), "entry": "10"}]
        return _said({"coins": {"USDT": "5000", "TLP": "3"}, "held": held})

    async def _post_order(self, asked: Row) -> web.Response:
        if Decimal(asked["contracts"]) % 1:
            return _said(why="broken_contract")
        row = {**asked, "order": str(len(self.placed) + 1), "state": "live", "done": "0"}
        row["time"] = self.now_ms()
        self.placed.append(row)
        if self.fate != "lost":
            self.orders[row["client"]] = row
        if self.fate == "denied":
            row |= {"state": "denied", "end": "no_margin"}
        return _said({"order": row["order"], "client": row["client"]})

    async def _get_order(self, asked: Row) -> web.Response:
        row = self.orders.get(asked["client"])
        return _said(why="no_such_order") if row is None else _said(row)

    async def _delete_order(self, asked: Row) -> web.Response:
        row = self.orders.get(asked["client"])
        if row is None or row["state"] != "live":
            return _said(why="no_such_order")
        row |= {"state": "gone", "end": "asked"}
        await self._push({"order": row})
        return _said({"order": row["order"], "client": row["client"]})

    async def _get_orders(self, asked: Row) -> web.Response:
        rows = [row for row in self.orders.values() if row["market"] == asked["market"]]
        return _said([row for row in rows if row["state"] == "live" or asked.get("all")])

    async def _get_trades(self, asked: Row) -> web.Response:
        cursors = [trade["cursor"] for trade in self.trades]
        begin = cursors.index(asked["after"]) + 1 if asked.get("after") else 0
        rows = [row for row in self.trades[begin:] if row["market"] == asked["market"]]
        return _said(rows[:PAGE])

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            words = json.loads(message.data)
            if words.get("watch") == "account":
                await socket.send_str(json.dumps({"watching": "account"}))
                self._listeners.append(socket)
            elif words.get("watch"):
                await socket.send_str(json.dumps({"watching": words["watch"]}))
                for frame in BOOK:
                    await socket.send_str(json.dumps(frame))
        return socket

    async def announce(self, client: str) -> None:
        """Say over the stream what became of an order."""
        await self._push({"order": self.orders[client]})

    async def _push(self, frame: Row) -> None:
        for socket in self._listeners:
            if not socket.closed:
                await socket.send_str(json.dumps(frame))


# A whole book, a change of it, one that was missed, and whole again: sizes in contracts.
BOOK = (
    {
        "book": PERP,
        "whole": True,
        "n": 5,
        "after": 0,
        "bids": [["9", "200"]],
        "asks": [["11", "100"]],
    },
    {"book": PERP, "whole": False, "n": 6, "after": 5, "bids": [["10", "300"]], "asks": []},
    {"book": PERP, "whole": False, "n": 9, "after": 8, "bids": [], "asks": [["11", "0"]]},
    {
        "book": PERP,
        "whole": True,
        "n": 9,
        "after": 0,
        "bids": [["9", "700"]],
        "asks": [["12", "100"]],
    },
)


def _said(data: Any = None, *, why: str = "") -> web.Response:
    return web.json_response({"ok": False, "why": why} if why else {"ok": True, "data": data})
