"""The table as an OpenAPI document, for whoever calls over HTTP."""

from collections.abc import Mapping
from typing import Any

import msgspec

from opensqt import __version__
from opensqt.api.call import Call, Plain
from opensqt.api.codes import CODES, Code

PREFIX = "/api/v1"
_JSON, _LINES = "application/json", "application/x-ndjson"
_REFS = "#/components/schemas/{name}"
_ALWAYS = (
    *(Code.INVALID, Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.TOO_LARGE),
    *(Code.RATE_LIMITED, Code.UNAVAILABLE),
)


def document(calls: Mapping[str, Call]) -> Plain:
    """Return the document."""
    shapes = {kind for call in calls.values() for kind in (call.request, call.reply)}
    _, components = msgspec.json.schema_components(
        sorted(shapes, key=lambda kind: kind.__name__), ref_template=_REFS
    )
    error = {
        "type": "object",
        "required": ["error", "detail"],
        "properties": {
            "error": {"enum": [code.value for code in Code]},
            "detail": {"type": "string"},
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "OpenSQT", "version": __version__},
        "security": [{"key": []}],
        "paths": {f"{PREFIX}/{one.service}/{one.name}": _path(one) for one in calls.values()},
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": components | {"Refusal": error},
        },
    }


def _path(call: Call) -> Plain:
    kind = _LINES if call.streams else _JSON
    codes = dict.fromkeys((*_ALWAYS, *call.errors))
    refused = {
        str(CODES[code].status): {
            "description": CODES[code].meaning,
            "content": {_JSON: {"schema": {"$ref": _REFS.format(name="Refusal")}}},
        }
        for code in codes
    }
    said: dict[str, Any] = {
        "operationId": call.path.replace(".", "_"),
        "tags": [call.service],
        "summary": call.summary,
        "description": f"Scope: {call.scope}."
        + (f" Not built: {call.missing}." if call.missing else ""),
        "requestBody": {
            "content": {_JSON: {"schema": {"$ref": _REFS.format(name=call.request.__name__)}}}
        },
        "responses": {
            "200": {
                "description": "the answer",
                "content": {kind: {"schema": {"$ref": _REFS.format(name=call.reply.__name__)}}},
            }
        }
        | refused,
    }
    if call.once:
        said["parameters"] = [
            {"name": "Once", "in": "header", "required": False, "schema": {"type": "string"}}
        ]
    return {"post": said}
