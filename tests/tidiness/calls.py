"""docs/api.md from the table of calls: `python -m tests.tidiness.calls --write` writes it."""

import sys

from opensqt.api.call import Call
from opensqt.api.calls import CALLS
from opensqt.api.codes import CODES, Code, CodeRow
from opensqt.api.proto_text import fields
from tests.tidiness.source import ROOT

PAGE = ROOT / "docs" / "api.md"
HEAD = """# What can be asked of a desk

Written by `make rows` from `opensqt/api/calls.py`; not edited by hand. One table, three transports, the same answers:

    opensqt ask PositionService.GetPositions
    curl -H "Authorization: Bearer $KEY" -d '{"limit": 3}' $GATEWAY/api/v1/PositionService/GetFills
    nats req -H "Authorization: Bearer $KEY" svc.gateway.v1.RiskService.GetExposure '{}'
    grpcurl -plaintext -H "authorization: Bearer $KEY" $GRPC opensqt.api.v1.RiskService/GetExposure

`opensqt ask` is the owner of the folder; others need a key: `opensqt keys add NAME --scope read`
([who may](security.md#who-may-call-the-api)). `run.json` names the ports (`gateway`, `grpc`).
`GET /api/v1/openapi.json` describes HTTP; gRPC has health (the gateway's, and of each process under its name:
`risk`, `executor-main`; Watch tells a change within seconds), reflection and a contract
([calls.proto](../proto/opensqt/api/v1/calls.proto)); `nats micro info opensqt-api` shows the subjects. Decimals are
text, times RFC 3339 UTC, what is unknown is null (absent over gRPC). A field that nobody knows is refused by name.

- **History** comes in the order of the journal, which only grows at its end: `next_cursor` asks for the next page, and
  what is new meanwhile moves no row of it.
- **Subscriptions** are a line of JSON a message over HTTP, a stream over gRPC; over NATS a reply holds what came (or
  nothing after 5 s) and the `sequence` to ask on behind. Each message has the `sequence` of the feed; `after` resumes
  behind it, `gone` says that this is not kept.
- **Calls that change something** are recorded in the journal (`CallAudited`: who, what, before, after). With a header
  `Once: WORD` a repetition is answered and not done again. An answer may be a moment older than what was just changed.
- **Orders by hand** go on record, are judged by risk and sent as every order is, owned by `manual`
  ([ADR 0057](adr/0057-orders-by-hand.md)). Always say `Once`: whatever dies, the same word finds the same order.

## Refusals

| code | HTTP, NATS | gRPC | |
|---|---|---|---|
"""
TABLE = """
## Calls

| call | scope | what it answers | asked with | refuses with, too |
|---|---|---|---|---|
"""


def page() -> str:
    """Return docs/api.md."""
    codes = "".join(_code(code, row) for code, row in CODES.items())
    built = [call for call in CALLS.values() if not call.missing]
    missing = [call for call in CALLS.values() if call.missing]
    rest = "".join(f"- `{call.path}`: {call.missing}\n" for call in missing)
    count = (
        f"\n## Not built yet ({len(missing)} of {len(CALLS)})\n\nThey answer `unimplemented`.\n\n"
    )
    return HEAD + codes + TABLE + "".join(map(_line, built)) + count + rest


def _code(code: Code, row: CodeRow) -> str:
    return f"| `{code}` | {row.status} | `{row.grpc}` | {row.meaning} |\n"


def _line(call: Call) -> str:
    asked = ", ".join(f"`{name}`" for name in fields(call.request))
    errors = ", ".join(f"`{code}`" for code in call.errors)
    cells = (f"`{call.path}`", call.scope.value, call.summary, asked, errors)
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
    elif PAGE.read_text(encoding="utf-8") != page():
        sys.exit("docs/api.md is not what the table says: run `make rows`")
