"""`python -m services.gateway`: wires the gateway to its ports."""

import os
import sys

from opensqt.api.key_file import key_file_of
from opensqt.runtime.process import run_service
from opensqt.runtime.process_context import Context
from services.gateway.config import NAME, GatewaySettings, port_of, rpc_of
from services.gateway.service import Gateway


def build(context: Context) -> Gateway:
    """Return the gateway of this process."""
    configured = context.config.gateway
    settings = GatewaySettings(
        host=configured.host,
        port=port_of(os.environ, configured.port),
        rpc=rpc_of(os.environ, configured),
        hosts=context.environment.hosts,
        token_file=context.environment.token_file,
        keys_file=key_file_of(os.environ, context.environment.data),
    )
    return Gateway(context, settings)


if __name__ == "__main__":
    sys.exit(run_service(NAME, build))
