"""Posting one message to Slack, Telegram or a webhook. Decides nothing; what it says of a failure holds no secret.

Addresses and tokens are fetched anew for each attempt, so that a file that is replaced counts at once, and are known
to the log before anything is done with them. An error of the HTTP client names the address: its words go nowhere.
"""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from opensqt.domain.clean_text import cleaned
from opensqt.runtime.alerts.alert import AlertMessage, body
from opensqt.runtime.config.alerts import AlertConfig, AlertKind
from opensqt.runtime.config.all import ConfigError, secret
from opensqt.runtime.http_hosts import LOOPBACKS
from opensqt.runtime.telemetry.logs import redact, register_secret

TELEGRAM = "https://api.telegram.org"
ANSWER_BYTES_MAX = 4096
_AGAIN = frozenset({408, 425, 429})  # beside all from 500 on


class PostResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one attempt; `is_final`: the same again would end the same."""

    ok: bool
    detail: str = ""
    is_final: bool = False
    asked_s: float = 0.0  # of pause, by the other end


class AlertAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message goes; its repr shows nothing."""

    url: str
    headers: dict[str, str]

    def __repr__(self) -> str:
        return "AlertAddress(***)"


def address_of(name: str, config: AlertConfig, environ: Mapping[str, str]) -> AlertAddress:
    """Fetch the address of a channel; raise `ConfigError`, which never shows it."""
    found = {}
    for field, reference in config.secrets.items():
        try:
            found[field] = secret(reference, environ)
        except ConfigError as error:
            raise ConfigError(f"alerts.{name}.{field}: {error}") from None
        register_secret(found[field])
    token, url = found.get("token", ""), found.get("url", TELEGRAM)
    if not (token + url).isprintable() or " " in token + url:
        raise ConfigError(f"alerts.{name}: its secret has a character that no address has")
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACKS):
        raise ConfigError(f"alerts.{name}.url: expected https://HOST/..., not shown here")
    if config.kind is AlertKind.TELEGRAM:
        return AlertAddress(url=f"{url.rstrip('/')}/bot{token}/sendMessage", headers={})
    return AlertAddress(url=url, headers={"Authorization": f"Bearer {token}"} if token else {})


class HttpChannel:
    """One way to people."""

    def __init__(
        self, name: str, config: AlertConfig, environ: Mapping[str, str], attempt_s_max: float
    ) -> None:
        self.name = name
        self.config = config
        self._environ = environ
        self._attempt_s_max = attempt_s_max

    async def post(self, message: AlertMessage) -> PostResult:
        """Post a message once; every end is an answer, none raises."""
        try:
            address = address_of(self.name, self.config, self._environ)
        except ConfigError as error:
            return PostResult(ok=False, detail=str(error), is_final=True)
        said = body(self.config.kind, message, self.config.chat)
        limit = aiohttp.ClientTimeout(total=self._attempt_s_max)
        try:
            # A session for each: what is posted once an hour finds no connection open, and leaves none.
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.post(
                    address.url, json=said, headers=address.headers, allow_redirects=False
                ) as reply,
            ):
                answer = await reply.content.read(ANSWER_BYTES_MAX)
        except TimeoutError:
            return PostResult(ok=False, detail=f"no answer within {self._attempt_s_max:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return PostResult(ok=False, detail=f"no connection: {type(error).__name__}")
        return _judged(self.config.kind, reply.status, reply.headers, answer)


def _judged(kind: AlertKind, status: int, headers: Mapping[str, str], answer: bytes) -> PostResult:
    said = _plain(answer) if kind is AlertKind.TELEGRAM else {}
    if 200 <= status < 300 and said.get("ok", True):
        return PostResult(ok=True)
    # Only Telegram's own words are shown: a page of an error may repeat the address.
    words = cleaned(redact(str(said.get("description", ""))))
    return PostResult(
        ok=False,
        detail=f"status {status} {words}".rstrip(),
        is_final=status < 500 and status not in _AGAIN,
        asked_s=max(_asked_s(headers), _seconds(_asked(said))),
    )


def _plain(answer: bytes) -> dict[str, Any]:
    try:
        said = json.loads(answer)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _asked(said: Mapping[str, Any]) -> str:
    parameters = said.get("parameters")
    return str(parameters.get("retry_after", "")) if isinstance(parameters, dict) else ""


def _asked_s(headers: Mapping[str, str]) -> float:
    """Return the pause that a Retry-After asks for: seconds, or a date by the other end's own clock; else 0."""
    asked = headers.get("Retry-After", "")
    if asked.isdecimal():
        return _seconds(asked)
    try:
        until, now = (parsedate_to_datetime(one) for one in (asked, headers.get("Date", "")))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _seconds(text: str) -> float:
    return float(text) if text.isdecimal() and len(text) < 10 else 0.0
