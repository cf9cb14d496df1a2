"""The requests that clients send over WebSockets: SUBSCRIBE and its kin on streams, and the spot WebSocket API."""

import msgspec

from opensqt.domain.instruments import Market
from opensqt.simulation.dialects.binance.errors import body_of
from opensqt.simulation.dialects.binance.signature import Keyring, check_time
from opensqt.simulation.dialects.binance.streams_private import PrivateStreamHub
from opensqt.simulation.dialects.binance.streams_public import PublicStreamHub
from opensqt.simulation.server.call import VenueError
from opensqt.simulation.server.client_socket import ClientSocket
from opensqt.simulation.server.context import VenueContext
from opensqt.simulation.server.faults import Match

OCCASION = Match(kind="session", market=Market.SPOT.value)


class WireRequest(msgspec.Struct, kw_only=True):
    """A request on a socket; unknown keys are ignored as the venue does."""

    method: str
    id: int | str | None = None
    params: list[str] | dict[str, object] | None = None


def stream_request(streams: PublicStreamHub, wire: ClientSocket, market: Market, raw: str) -> None:
    """Serve SUBSCRIBE, UNSUBSCRIBE and LIST_SUBSCRIPTIONS on a stream socket."""
    try:
        request = msgspec.json.decode(raw, type=WireRequest)
    except (ValueError, RecursionError):
        wire.answer({"error": {"code": 2, "msg": "Invalid request: invalid JSON"}, "id": None})
        return
    names = request.params if isinstance(request.params, list) else []
    match request.method:
        case "SUBSCRIBE":
            streams.subscribe(wire, market, names)
            wire.answer({"result": None, "id": request.id})
        case "UNSUBSCRIBE":
            streams.unsubscribe(wire, market, names)
            wire.answer({"result": None, "id": request.id})
        case "LIST_SUBSCRIPTIONS":
            wire.answer({"result": sorted(wire.streams), "id": request.id})
        case _:
            text = f"Invalid request: unknown method {request.method}"
            wire.answer({"error": {"code": 2, "msg": text}, "id": request.id})


def api_request(
    context: VenueContext,
    keyring: Keyring,
    private: PrivateStreamHub,
    wire: ClientSocket,
    raw: str,
) -> None:
    """Serve a request of the spot WebSocket API."""
    try:
        request = msgspec.json.decode(raw, type=WireRequest)
    except (ValueError, RecursionError):
        wire.answer(
            {"id": None, "status": 400, "error": {"code": -1000, "msg": "Invalid request."}}
        )
        return
    limits = [
        {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": 6000,
            "count": 2,
        }
    ]
    try:
        result = _api_result(context, keyring, private, wire, request)
    except VenueError as error:
        wire.answer(
            {
                "id": request.id,
                "status": error.status,
                "error": body_of(error),
                "rateLimits": limits,
            }
        )
        return
    wire.answer({"id": request.id, "status": 200, "result": result, "rateLimits": limits})


def _api_result(
    context: VenueContext,
    keyring: Keyring,
    private: PrivateStreamHub,
    wire: ClientSocket,
    request: WireRequest,
) -> dict[str, object]:
    match request.method:
        case "ping":
            return {}
        case "time":
            return {"serverTime": context.now_ms() + context.skew_ms(OCCASION)}
        case "userDataStream.subscribe.signature":
            params = request.params if isinstance(request.params, dict) else {}
            wire.account = _verified(context, keyring, params)
            return {"subscriptionId": private.attach(wire, Market.SPOT, wire.account)}
        case "userDataStream.unsubscribe":
            private.detach(wire)
            return {}
        case _:
            raise VenueError(-1000, f"Unknown method {request.method}.")


def _verified(context: VenueContext, keyring: Keyring, params: dict[str, object]) -> str:
    """Check key, time and signature over the sorted parameters; return the account."""
    texts = {name: _text(value) for name, value in params.items()}
    signature = texts.pop("signature", "")
    api_key = texts.get("apiKey", "")
    account = keyring.account(api_key)
    check_time(texts, context.now_ms() + context.skew_ms(OCCASION))
    payload = "&".join(f"{name}={texts[name]}" for name in sorted(texts))
    keyring.verify(api_key, payload, signature)
    return account


def _text(value: object) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
