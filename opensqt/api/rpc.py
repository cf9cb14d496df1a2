"""The table over gRPC, with health and reflection. A thin shell; `answering` decides everything."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

import grpc
import msgspec
from google.protobuf import json_format, message_factory
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from opensqt.api.answering import BODY_BYTES_MAX, Answering
from opensqt.api.call import Call, Plain
from opensqt.api.codes import CODES, CallRefused
from opensqt.api.proto_text import PACKAGE
from opensqt.api.v1 import calls_pb2
from opensqt.runtime.http_hosts import LOOPBACKS

VIA = "grpc"
ONCE = "once"
ERROR = "opensqt-error"  # trailing metadata: our code, of which gRPC has fewer
STOP_S_MAX = 1.0
LOOK_S = 0.5
# What gRPC itself takes; what is between is refused by the table, like everywhere.
_RECEIVE_BYTES_MAX = 16 * BODY_BYTES_MAX


class RpcSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how gRPC is served; the files are PEM."""

    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    private_key: Path | None = None
    client_authority: Path | None = None  # who signs the certificates of callers; None: none asked
    plaintext_allowed: bool = False

    @property
    def refused(self) -> str:
        """Say why gRPC may not be served like this, or nothing."""
        if self.certificate is not None or self.host in LOOPBACKS or self.plaintext_allowed:
            return ""
        return (
            f"gRPC in plain text on {self.host} would show keys to the network: name"
            " gateway.grpc_certificate and gateway.grpc_private_key, or set"
            " gateway.plaintext_allowed = true"
        )


class RpcServer:
    """The gRPC server of a gateway."""

    def __init__(
        self,
        answering: Answering,
        settings: RpcSettings,
        is_ready: Callable[[], bool],
        components: Callable[[], Mapping[str, bool]],
        sleep: Callable[[float], Any],
    ) -> None:
        self._answering = answering
        self._settings = settings
        self._is_ready = is_ready
        self._components = components
        self._sleep = sleep
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self.port = 0

    @property
    def refused(self) -> str:
        """Say why it may not listen, or nothing."""
        return self._settings.refused

    async def open(self) -> None:
        """Listen; raise `OSError` when the port is taken or a file cannot be read."""
        settings = self._settings
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", _RECEIVE_BYTES_MAX),
                ("grpc.so_reuseport", 0),
            ]
        )
        services: dict[str, list[Call]] = {}
        for call in self._answering.calls.values():
            services.setdefault(call.service, []).append(call)
        handlers = [self._service(name, calls) for name, calls in services.items()]
        self._server.add_generic_rpc_handlers(tuple(handlers))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = [f"{PACKAGE}.{name}" for name in services]
        shown = (*names, health.SERVICE_NAME, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(shown, self._server)
        address = f"{_bracketed(settings.host)}:{settings.port}"
        try:
            self.port = (
                self._server.add_insecure_port(address)
                if settings.certificate is None
                else self._server.add_secure_port(address, _credentials(settings))
            )
        except RuntimeError as error:
            raise OSError(f"gRPC cannot listen on {address}: {error}") from error
        await self._server.start()

    async def watch(self) -> None:
        """Let the health of a service be that of the gateway, and of a process its own, for ever."""
        names = ["", *{f"{PACKAGE}.{call.service}" for call in self._answering.calls.values()}]
        told: dict[str, bool] = {}
        while True:
            # A process that is not heard of any more is not well.
            gone = dict.fromkeys(told, False)
            now = gone | dict(self._components()) | dict.fromkeys(names, self._is_ready())
            for name, is_well in now.items():
                if told.get(name) is not is_well:
                    kinds = health_pb2.HealthCheckResponse
                    await self._health.set(name, kinds.SERVING if is_well else kinds.NOT_SERVING)
            told = now
            await self._sleep(LOOK_S)

    async def close(self) -> None:
        """Stop listening; calls under way have a second."""
        if self._server is not None:
            await self._server.stop(STOP_S_MAX)

    def _service(self, name: str, calls: list[Call]) -> grpc.GenericRpcHandler:
        known = calls_pb2.DESCRIPTOR.services_by_name[name].methods_by_name
        handlers = {}
        for call in calls:
            method = known[call.name]
            ask = message_factory.GetMessageClass(method.input_type)
            reply = message_factory.GetMessageClass(method.output_type)
            made = (
                grpc.unary_stream_rpc_method_handler
                if call.streams
                else grpc.unary_unary_rpc_method_handler
            )
            handlers[call.name] = made(
                self._tell(call, reply) if call.streams else self._answer(call, reply),
                request_deserializer=ask.FromString,
                response_serializer=reply.SerializeToString,
            )
        return grpc.method_handlers_generic_handler(f"{PACKAGE}.{name}", handlers)

    def _answer(self, call: Call, reply: Any) -> Callable[[Any, Any], Any]:
        async def answer(asked: Any, context: grpc.aio.ServicerContext) -> Any:
            async with _refusing(context):
                headers = _headers(context)
                caller = self._answering.caller(call, headers, VIA)
                once = headers.get(ONCE, "")
                said = await self._answering.answer(call, caller, _request(asked), once)
                return _message(reply, said)

        return answer

    def _tell(self, call: Call, reply: Any) -> Callable[[Any, Any], Any]:
        async def tell(asked: Any, context: grpc.aio.ServicerContext) -> AsyncIterator[Any]:
            async with _refusing(context):
                headers = _headers(context)
                self._answering.caller(call, headers, VIA)
                news = self._answering.hear(call, headers, VIA, _request(asked))
                async with contextlib.aclosing(news):
                    # Callers learn that they are heard before there is news.
                    await context.send_initial_metadata(())
                    async for _, said in news:
                        if said is not None:
                            yield _message(reply, said)

        return tell


@contextlib.asynccontextmanager
async def _refusing(context: grpc.aio.ServicerContext) -> AsyncIterator[None]:
    try:
        yield
    except CallRefused as refused:
        await context.abort(
            grpc.StatusCode[CODES[refused.code].grpc],
            refused.detail,
            ((ERROR, refused.code.value),),
        )


def _headers(context: grpc.aio.ServicerContext) -> dict[str, str]:
    said = context.invocation_metadata() or ()
    return {name: value for name, value in said if isinstance(value, str)}


def _request(asked: Any) -> Plain | None:
    if asked.ByteSize() > BODY_BYTES_MAX:
        return None
    found: Plain = json_format.MessageToDict(asked, preserving_proto_field_name=True)
    return found


def _message(kind: Any, said: Plain) -> Any:
    return json_format.ParseDict(_without_unknown(said), kind())


def _without_unknown(value: Any) -> Any:
    """Return an answer without its Nones: an optional field that is not there is unknown."""
    match value:
        case dict():
            return {name: _without_unknown(one) for name, one in value.items() if one is not None}
        case list():
            return [_without_unknown(one) for one in value]
        case _:
            return value


def _credentials(settings: RpcSettings) -> grpc.ServerCredentials:
    if settings.private_key is None or settings.certificate is None:
        raise OSError("gateway.grpc_private_key: expected a PEM file beside grpc_certificate")
    pair = (settings.private_key.read_bytes(), settings.certificate.read_bytes())
    authority = settings.client_authority
    return grpc.ssl_server_credentials(
        [pair],
        root_certificates=authority.read_bytes() if authority is not None else None,
        require_client_auth=authority is not None,
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
