"""What a call that is not answered says: a code of ours, and what each transport calls it. Pure."""

from enum import StrEnum

import msgspec

from opensqt.domain.clean_text import cleaned

DETAIL_MAX = 500  # characters


class Code(StrEnum):
    """Why a call is not answered; callers tell causes apart by it, words are for people."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    REFUSED = "refused"
    NOT_APPROVED = "not_approved"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    VENUE_REFUSED = "venue_refused"
    GONE = "gone"
    TOO_LARGE = "too_large"
    RATE_LIMITED = "rate_limited"
    UNKNOWN = "unknown"
    UNIMPLEMENTED = "unimplemented"
    UNAVAILABLE = "unavailable"


class CodeRow(msgspec.Struct, frozen=True):
    """A code as HTTP and NATS say it (a status), and as gRPC does."""

    status: int
    grpc: str
    meaning: str


CODES: dict[Code, CodeRow] = {
    Code.INVALID: CodeRow(400, "INVALID_ARGUMENT", "the request, or its cursor, asks for nothing"),
    Code.UNAUTHENTICATED: CodeRow(401, "UNAUTHENTICATED", "no key, or one that is not ours"),
    Code.FORBIDDEN: CodeRow(403, "PERMISSION_DENIED", "the key's scope does not reach so far"),
    Code.NOT_FOUND: CodeRow(404, "NOT_FOUND", "nothing of that name"),
    Code.CONFLICT: CodeRow(409, "ALREADY_EXISTS", "the once-key was said with another request"),
    Code.REFUSED: CodeRow(422, "FAILED_PRECONDITION", "the desk does not do that now"),
    Code.NOT_APPROVED: CodeRow(
        412, "ABORTED", "risk does not approve the order; its rule is named"
    ),
    Code.INSUFFICIENT_FUNDS: CodeRow(
        402, "FAILED_PRECONDITION", "risk or the venue finds too little money for the order"
    ),
    Code.VENUE_REFUSED: CodeRow(424, "FAILED_PRECONDITION", "the venue does not take the order"),
    Code.GONE: CodeRow(410, "OUT_OF_RANGE", "what came after that sequence is not kept"),
    Code.TOO_LARGE: CodeRow(413, "INVALID_ARGUMENT", "the request is longer than any call needs"),
    Code.RATE_LIMITED: CodeRow(
        429,
        "RESOURCE_EXHAUSTED",
        "too many calls with this key, or requests to the venue",
    ),
    Code.UNKNOWN: CodeRow(500, "UNKNOWN", "a fault of ours; it is in the log"),
    Code.UNIMPLEMENTED: CodeRow(501, "UNIMPLEMENTED", "the part behind the call is not built yet"),
    Code.UNAVAILABLE: CodeRow(503, "UNAVAILABLE", "who must answer cannot now: try again"),
}


class CallRefused(Exception):
    """A call that is not answered, with its code and words for a person."""

    def __init__(self, code: Code, detail: str) -> None:
        self.code = code
        self.detail = cleaned(detail, DETAIL_MAX)  # travels in headers, too
        super().__init__(self.detail)

    @property
    def said(self) -> dict[str, str]:
        """Return what a caller gets in place of an answer."""
        return {"error": self.code.value, "detail": self.detail}
