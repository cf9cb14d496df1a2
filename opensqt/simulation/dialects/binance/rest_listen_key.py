"""The REST endpoints that open, extend and close the listen key of a USDⓈ-M account."""

from opensqt.simulation.dialects.binance.listen_keys import ListenKeys
from opensqt.simulation.server.call import ApiCall
from opensqt.simulation.server.context import Handler, Route, Routes, VenueContext

PATH = "/fapi/v1/listenKey"


def routes(keys: ListenKeys) -> Routes:
    """The endpoints over these keys; each change is committed with the venue's state."""

    def opened(context: VenueContext, call: ApiCall) -> object:
        key = keys.open(call.account, context.exchange.clock.wall_ms())
        return _saved(context, {"listenKey": key})

    def extended(context: VenueContext, call: ApiCall) -> object:
        keys.extend(call.account, context.exchange.clock.wall_ms())
        return _saved(context, {})

    def closed(context: VenueContext, call: ApiCall) -> object:
        keys.close(call.account)
        return _saved(context, {})

    def _saved(context: VenueContext, answer: dict[str, object]) -> dict[str, object]:
        context.exchange.commit({"listen_keys": keys.state()})
        return answer

    handlers: dict[str, Handler] = {"POST": opened, "PUT": extended, "DELETE": closed}
    return {
        (method, PATH): Route(handler=handler, keyed=True, kind="listen_key")
        for method, handler in handlers.items()
    }
