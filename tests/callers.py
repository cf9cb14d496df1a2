"""Whoever calls the API of a gateway, over each of its transports, with the same words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import grpc
import msgspec
import nats
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from nats.aio.client import Client

from opensqt.api import micro
from opensqt.api.answering import plain
from opensqt.api.call import KeyScope
from opensqt.api.calls import CALLS
from opensqt.api.codes import CODES
from opensqt.api.http import LINES
from opensqt.api.key_file import KEYS_FILE, read_keys, write_keys
from opensqt.api.keys import CallKey, hashed, written
from opensqt.api.proto_text import PACKAGE
from opensqt.api.rpc import RpcSettings
from opensqt.api.v1 import calls_pb2
from opensqt.domain.control import CallAudited
from opensqt.domain.instruments import Side
from opensqt.runtime.codec import decode
from services.gateway.config import LOOPBACK, GatewaySettings
from tests import scenes
from tests.conditions import until
from tests.simulation.strategy_facts import PERP
from tests.stage import Stage, staged
from tests.visitors import RIGHT, Visitor, visited

ANSWER_S_MAX = 10.0
STATUS = {row.status: code.value for code, row in CODES.items()}
ORDERS = "PositionService.GetOrderHistory"
SYMBOL = {"symbol": PERP}
# What is asked where an empty question asks for nothing.
ASKED: dict[str, dict[str, Any]] = {
    "ExchangeService.GetBalance": {"asset": "USDT"},
    "ExchangeService.GetLatestPrice": SYMBOL,
    "ExchangeService.GetHistoricalKlines": SYMBOL | {"interval": "5m", "limit": 3},
    "ExchangeService.GetSymbolInfo": SYMBOL,
    "ExchangeService.GetFundingRate": SYMBOL,
    "RiskService.GetReconciliationStatus": {"reconciliation_id": "1"},
    "PositionService.GetPosition": SYMBOL,
}
Answer = tuple[str, dict[str, Any]]  # ok, or the code of the refusal; and what was said


class Transport(Protocol):
    """One way of calling."""

    async def ask(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Make a call and return what came of it."""


class OverHttp:
    """Calls over HTTP."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor

    async def ask(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        url = f"{self._visitor.address}/api/v1/{path.replace('.', '/')}"
        async with self._visitor.session.post(url, data=body, headers=headers) as reply:
            if reply.content_type == LINES:
                line = msgspec.json.decode(await reply.content.readline())
                return line.get("error", "ok"), {"messages": [line]}
            return STATUS.get(reply.status, "ok"), await reply.json()


class OverNats:
    """Calls over NATS, as `nats req` makes them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ask(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        reply = await self._client.request(
            f"{micro.SUBJECT}.{path}", body, timeout=ANSWER_S_MAX, headers=headers or None
        )
        code = (reply.headers or {}).get("Nats-Service-Error-Code")
        said = msgspec.json.decode(reply.data)
        return STATUS[int(code)] if code else "ok", said


class OverGrpc:
    """Calls over gRPC, by what reflection and the contract tell."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel

    async def ask(self, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        call = CALLS[path]
        method = calls_pb2.DESCRIPTOR.services_by_name[call.service].methods_by_name[call.name]
        ask, reply = map(GetMessageClass, (method.input_type, method.output_type))
        metadata = tuple((name.lower(), value) for name, value in headers.items())
        where = f"/{PACKAGE}.{call.service}/{call.name}"
        kinds: dict[str, Any] = {
            "request_serializer": ask.SerializeToString,
            "response_deserializer": reply.FromString,
        }
        try:
            asked = json_format.Parse(body, ask())
            if call.streams:
                stream = self._channel.unary_stream(where, **kinds)(asked, metadata=metadata)
                line = await stream.read()
                stream.cancel()
                told = json_format.MessageToDict(line, preserving_proto_field_name=True)
                return "ok", {"messages": [told | {"sequence": line.sequence}]}
            said = await self._channel.unary_unary(where, **kinds)(
                asked, metadata=metadata, timeout=ANSWER_S_MAX
            )
        except grpc.aio.AioRpcError as error:
            trailing = dict(error.trailing_metadata() or ())
            code = str(trailing.get("opensqt-error", error.code()))
            return code, {"error": code, "detail": error.details()}
        found = json_format.MessageToDict(
            said, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
        return "ok", msgspec.to_builtins(
            plain(msgspec.convert(found, type=call.reply, strict=False))
        )


class Callers:
    """A desk with its callers and their keys."""

    def __init__(
        self,
        folder: Path,
        stage: Stage,
        visitor: Visitor,
        client: Client,
        channel: grpc.aio.Channel,
    ) -> None:
        self.stage = stage
        self.visitor = visitor
        self.client = client
        self.channel = channel
        self.transports: dict[str, Transport] = {
            "http": OverHttp(visitor),
            "nats": OverNats(client),
            "grpc": OverGrpc(channel),
        }
        self._file = folder / KEYS_FILE

    def key(self, scope: KeyScope, *, calls_per_s: int = 10_000) -> dict[str, str]:
        """Make a key and return the headers that carry it."""
        name = f"{scope}-{calls_per_s}"
        secret = f"canary-secret-of-{name}"
        key = CallKey(
            key_id=name,
            name=name,
            scope=scope,
            sha256=hashed(secret),
            made_ms=1,
            calls_per_s=calls_per_s,
        )
        write_keys(self._file, (*(one for one in read_keys(self._file) if one != key), key))
        return {"Authorization": f"Bearer {written(name, secret)}"}

    async def ask(
        self, via: str, path: str, request: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Make a call over one transport."""
        body = request if isinstance(request, bytes) else msgspec.json.encode(request or {})
        return await self.transports[via].ask(path, body, headers or {})

    async def settled(self) -> str:
        """Wait until the gateway shows the whole history; return the id of an order."""
        look = self.visitor.gateway.look
        await until(
            lambda: (
                len(look()["orders"]) == 8
                and all(row["mark"] or row["bid"] for row in look()["symbols"])
                and {len(rows) for rows in look()["candles"].values()} == {91}
            )
        )
        _, said = await self.ask("http", ORDERS, {"limit": 1}, RIGHT)
        return str(said["orders"][0]["client_order_id"])

    async def place(self, name: str) -> None:
        """Let a new order rest at the venue, and wait until the gateway shows it."""
        look = self.visitor.gateway.look
        count = look()["journal"]["orders"]
        now_ms = self.stage.house.clock.market_ms()
        ref = scenes.reference("grid-perp", PERP, name)
        await self.stage.record(*scenes.placed(ref, "L9", Side.BUY, scenes.ANCHOR, now_ms))
        await until(lambda: look()["journal"]["orders"] > count)

    async def recorded(self) -> list[CallAudited]:
        """Return the calls that the journal holds, oldest first."""
        rows = await self.stage.house.journal.read(0, 10_000)
        found = (decode(row.data) for row in rows)
        return [one for one in found if isinstance(one, CallAudited)]

    async def everywhere(
        self, path: str, request: object = None, headers: dict[str, str] | None = None
    ) -> Answer:
        """Make a call over every transport and return the answer, which is the same over each."""
        found = [await self.ask(via, path, request, headers) for via in self.transports]
        assert all(one == found[0] for one in found), found
        return found[0]


@asynccontextmanager
async def calling(
    folder: Path, nats_url: str, rpc: RpcSettings | None = None
) -> AsyncIterator[Callers]:
    """Run a gateway whose desk has a history, and let it be called over every transport."""
    settings = GatewaySettings(
        token_file=folder / "token",
        keys_file=folder / KEYS_FILE,
        rpc=rpc or RpcSettings(),
        host=rpc.host if rpc is not None else LOOPBACK,
        delta_every_s=0.05,
        ask_every_s=0.1,
        retry_s=0.05,
        silence_s_max=60.0,
        command_s_max=1.5,
    )
    server, client = await nats.connect(nats_url), await nats.connect(nats_url)
    try:
        async with staged(folder) as stage, visited(stage, settings) as visitor:
            await micro.serve(server, visitor.gateway.api.calls)
            address = f"127.0.0.1:{visitor.gateway.api.rpc.port}"
            async with grpc.aio.insecure_channel(address) as channel:
                yield Callers(folder, stage, visitor, client, channel)
    finally:
        await server.close()
        await client.close()
