"""The API of a gateway: the table of calls before this desk, and the servers that it is asked over."""

from collections.abc import Callable, Mapping

from opensqt.api import micro
from opensqt.api.answering import Answering
from opensqt.api.calls import CALLS
from opensqt.api.http import HttpCalls
from opensqt.api.key_file import KeyFile
from opensqt.api.rpc import RpcServer
from opensqt.runtime.lease import holder_of
from opensqt.runtime.process_context import Context
from services.gateway.config import GatewaySettings
from services.gateway.desk_control import DeskControl


class DeskApi:
    """Every way to call a desk."""

    def __init__(
        self,
        context: Context,
        settings: GatewaySettings,
        control: DeskControl,
        token: Callable[[], str],
        is_ready: Callable[[], bool],
        components: Callable[[], Mapping[str, bool]],
    ) -> None:
        self._context = context
        keys, holder = KeyFile(settings.keys_file), holder_of(context.name)
        self.calls = Answering(CALLS, control, keys, token, context.clock, holder)
        self.http = HttpCalls(self.calls, settings.calls_refused)
        self.rpc = RpcServer(self.calls, settings.rpc, is_ready, components, context.clock.sleep)

    async def open(self) -> None:
        """Listen where it may be listened; raise `OSError` where a port is taken."""
        if why := self.rpc.refused:
            self._context.log.error("gRPC is not served", detail=why)
        else:
            await self.rpc.open()
            self._context.log.info("gRPC open", port=self.rpc.port)
        if self._context.client is not None:
            await micro.serve(self._context.client, self.calls)

    async def close(self) -> None:
        """Let nobody call any more."""
        await self.rpc.close()
