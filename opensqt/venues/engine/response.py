"""What came back of one request, raw; holds no judgement."""

from enum import StrEnum

import msgspec


class Transmitted(StrEnum):
    """Whether the request can have reached the venue."""

    NEVER = "never"
    MAYBE = "maybe"


class VenueResponse(msgspec.Struct, kw_only=True):
    """Status 0 means that no complete answer came; `cause` then says why."""

    status: int = 0
    body: str = ""
    headers: dict[str, str] = {}
    sent: Transmitted = Transmitted.MAYBE
    cause: str = ""

    @property
    def evidence(self) -> bytes:
        """The raw answer as bytes."""
        return self.body.encode()
