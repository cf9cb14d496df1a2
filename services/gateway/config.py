"""The gateway's constants, with units, and where it listens. None of them is a trader's choice but host and port."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from opensqt.runtime.config.all import ConfigError

NAME = "gateway"
PORT = "OPENSQT_GATEWAY_PORT"
LOOPBACK = "127.0.0.1"


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the gateway works; times are wall times, tests shorten them."""

    host: str = LOOPBACK
    port: int = 0
    hosts: frozenset[str] = (
        frozenset()
    )  # names by which the page may be asked for, beside addresses
    token_file: Path | None = None  # None: nobody may command
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


def port_of(environ: Mapping[str, str], configured: int) -> int:
    """Return the port to listen on: the supervisor's, else the configured one; raise `ConfigError`."""
    text = environ.get(PORT) or str(configured)
    if not text.isdecimal() or int(text) > 65535:
        raise ConfigError(f"{PORT} is {text!r}, expected 0 to 65535 (0 = any free port)")
    return int(text)
