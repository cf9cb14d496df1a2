"""Who may look and who may command: hosts, origins and the token. Pure; a doubt is always a no."""

import hmac
from collections.abc import Mapping

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
BEARER = "Bearer "

POLICY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
        " object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def host_allowed(host: str, bound: str) -> bool:
    """Tell whether a request may name this host: on loopback only loopback names, against DNS rebinding."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if bound in {"127.0.0.1", "::1", "localhost"}:
        return name in LOOPBACK_NAMES
    return bool(name) and bool(bound)


def origin_allowed(headers: Mapping[str, str], *, required: bool) -> bool:
    """Tell whether the page that asks is our own; `required` refuses a browser-less caller without an origin."""
    origin = headers.get("Origin", "")
    if not origin:
        return not required
    scheme, _, host = origin.partition("://")
    return scheme in {"http", "https"} and host != "" and host == headers.get("Host", "")


def token_right(headers: Mapping[str, str], token: str) -> bool:
    """Compare the bearer token in constant time; an empty token is nobody's."""
    said = headers.get("Authorization", "")
    if not token or not said.startswith(BEARER):
        return False
    # A header may hold any bytes; what is no text is no token either.
    word = said.removeprefix(BEARER).strip().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(word, token.encode())
