"""The gateway's constants, with units, and where it listens. None of them is a trader's choice but host and port."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.api.rpc import RpcSettings
from opensqt.runtime.alerts.terms import AlertTerms
from opensqt.runtime.config.all import ConfigError, GatewayConfig
from opensqt.runtime.http_hosts import LOOPBACKS

NAME = "gateway"
PORT = "OPENSQT_GATEWAY_PORT"
GRPC_PORT = "OPENSQT_GATEWAY_GRPC_PORT"
LOOPBACK = "127.0.0.1"


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the gateway works; times are wall times, tests shorten them."""

    host: str = LOOPBACK
    port: int = 0
    hosts: frozenset[str] = (
        frozenset()
    )  # names by which the page may be asked for, beside addresses
    token_file: Path | None = None  # None: nobody may command
    keys_file: Path | None = None  # of API keys; None: there are none
    rpc: RpcSettings = RpcSettings()
    alerts: AlertTerms = AlertTerms()
    delta_every_s: float = 0.2  # at most five pictures a second to a client, the latest wins
    ask_every_s: float = 1.0  # the processes, about their health
    ask_s_max: float = 1.0
    command_s_max: float = 10.0
    clients_max: int = 100
    clients_max_each: int = 25  # pages from one address: nobody takes the places of all others
    head_s_max: float = 5.0  # for the head of a request; who says it more slowly is cut off
    inbound_bytes_max: int = 4096
    outbound_bytes_max: int = 131_072  # of old news on its way to a client, in each buffer
    slow_client_s_max: float = 5.0
    ping_every_s: float = 20.0
    lookback_ms: int = 60_000  # of FEED, wall: rules, funding and health are said again within it
    chart_lookback_ms: int = 4 * 3_600_000  # of candles, wall
    retry_s: float = 0.5
    silence_s_max: float = 3.0  # without a heartbeat of the relay the picture is old

    @property
    def calls_refused(self) -> str:
        """Say why no call is answered over HTTP here, or nothing: keys in plain text are for this machine alone."""
        if self.host in LOOPBACKS or self.rpc.plaintext_allowed:
            return ""
        return (
            f"calls over plain HTTP on {self.host} would show keys to the network: call over gRPC"
            " with TLS, or set gateway.plaintext_allowed = true where something before it does TLS"
        )


def port_of(environ: Mapping[str, str], configured: int, name: str = PORT) -> int:
    """Return the port to listen on: the supervisor's, else the configured one; raise `ConfigError`."""
    text = environ.get(name) or str(configured)
    if not text.isdecimal() or int(text) > 65535:
        raise ConfigError(f"{name} is {text!r}, expected 0 to 65535 (0 = any free port)")
    return int(text)


def rpc_of(environ: Mapping[str, str], configured: GatewayConfig) -> RpcSettings:
    """Return where and how gRPC is served; raise `ConfigError`."""
    return RpcSettings(
        host=configured.host,
        port=port_of(environ, configured.grpc_port, GRPC_PORT),
        certificate=_path(configured.grpc_certificate),
        private_key=_path(configured.grpc_private_key),
        client_authority=_path(configured.grpc_client_authority),
        plaintext_allowed=configured.plaintext_allowed,
    )


def _path(text: str) -> Path | None:
    return Path(text) if text else None
