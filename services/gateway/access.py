"""Who may look and who may command: origins and the token. Pure; a doubt is always a no."""

import hmac
from collections.abc import Mapping

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
