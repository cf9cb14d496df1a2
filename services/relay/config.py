"""The relay's constants, with units. None of them is a trader's choice, so none stands in the configuration."""

import msgspec

NAME = "relay"
LEASE = "relay"


class RelaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the relay works; tests shorten the times."""

    lease_ttl_ms: int = 3000
    window: int = 64  # rows on their way to FEED at once
    busy_poll_s: float = 0.002
    busy_for_s: float = 0.05  # after the last row: poll; later: wait for the journal's bell
    idle_wait_s: float = 0.25
    retry_s: float = 0.1
    probe_s_max: float = 2.0
    heartbeat_s: float = 1.0
    time_step_ms: int = 100  # market time
    checkpoint_every_s: float = 0.2
    resend_rows_max: int = (
        10_000  # of a FEED that is lost altogether; consumers read the rest in the journal
    )
