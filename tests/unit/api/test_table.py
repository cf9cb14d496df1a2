"""The table of calls and what is made of it."""

from collections.abc import Sequence

import pytest
from google.protobuf.descriptor import FieldDescriptor

from opensqt.api.calls import CALLS
from opensqt.api.codes import CODES, CallRefused, Code
from opensqt.api.paging import paged
from opensqt.api.proto_text import PATH, fields, reply_name, request_name, text
from opensqt.api.risk_shapes import NewLimits
from opensqt.api.rpc import RpcSettings
from opensqt.api.v1 import calls_pb2
from opensqt.runtime.config.limit_changes import CHANGEABLE
from tests.tidiness.calls import PAGE, page
from tests.tidiness.source import ROOT


def test_contract_and_page_are_made_of_the_table() -> None:
    """`make proto rows` would write what is there."""
    assert (ROOT / "proto" / PATH).read_text(encoding="utf-8") == text(CALLS)
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("path", CALLS)
def test_the_generated_contract_has_each_field_at_its_place(path: str) -> None:
    """Names and numbers of what goes over the wire are those of the structs."""
    call = CALLS[path]
    messages = calls_pb2.DESCRIPTOR.message_types_by_name
    for name, shape in ((request_name(call), call.request), (reply_name(call), call.reply)):
        found: Sequence[FieldDescriptor] = messages[name].fields
        assert [one.name for one in found] == list(fields(shape))


@pytest.mark.parametrize("path", CALLS)
def test_each_call_is_answered_in_one_way_or_says_why_not(path: str) -> None:
    """Exactly one of looking, acting, hearing and not being there."""
    call = CALLS[path]
    assert sum(map(bool, (call.read, call.act, call.hear, call.missing))) == 1
    assert call.once == (call.act is not None)
    assert bool(call.hear) == call.streams or call.missing


def test_each_limit_that_may_change_may_be_asked_for() -> None:
    """A limit that people can change by hand can be changed by a call."""
    assert set(fields(NewLimits)) == {"reason", *CHANGEABLE}


@pytest.mark.row("G06")
def test_causes_that_callers_treat_differently_have_codes_of_their_own() -> None:
    """Every status is one code's; a budget that is spent is no refusal of the desk in gRPC either."""
    assert len({row.status for row in CODES.values()}) == len(Code)
    assert CODES[Code.RATE_LIMITED].grpc != CODES[Code.REFUSED].grpc
    assert CODES[Code.INSUFFICIENT_FUNDS].grpc != CODES[Code.RATE_LIMITED].grpc
    assert CODES[Code.NOT_APPROVED].grpc != CODES[Code.VENUE_REFUSED].grpc
    grpc = [row.grpc for row in CODES.values()]
    shared = {one for one in grpc if grpc.count(one) > 1}
    assert shared == {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}


@pytest.mark.row("G03")
def test_a_cursor_holds_its_place_while_rows_come_in() -> None:
    """What is added behind moves nothing; a row that fits no filter may carry the cursor's place all the same."""
    rows = {f"o{n}": n for n in range(7)}
    first, cursor = paged(rows, lambda n: n % 2 == 0, "", 2)
    rows |= {"o7": 7, "o8": 8}
    second, last = paged(rows, lambda n: n % 2 == 0, cursor, 2)
    third, end = paged(rows, lambda n: n % 2 == 0, last, 2)
    assert (first, second, third, end) == (["o0", "o2"], ["o4", "o6"], ["o8"], "")
    for bad in ("%%%", "bm9uZQ", "Im5vbmUi", cursor + "x"):
        with pytest.raises(CallRefused, match="cursor"):
            paged(rows, lambda _: True, bad, 2)


@pytest.mark.row("G08")
@pytest.mark.parametrize(
    "host, allowed, refused",
    [
        ("127.0.0.1", False, False),
        ("::1", False, False),
        ("0.0.0.0", False, True),
        ("10.1.2.3", False, True),
        ("0.0.0.0", True, False),
    ],
)
def test_plain_text_is_for_this_machine(*, host: str, allowed: bool, refused: bool) -> None:
    """Off loopback a certificate is needed, or a word that allows it; the refusal names both."""
    why = RpcSettings(host=host, plaintext_allowed=allowed).refused
    assert bool(why) == refused
    assert not refused or "plaintext_allowed" in why
