"""The shape of `[alerts.NAME]`: who is told what a trader must know at night, and by which way. Reads nothing."""

from enum import StrEnum
from typing import Annotated

from opensqt.domain.ranges import ConfigTable, Range


class AlertSeverity(StrEnum):
    """How soon somebody is wanted: now, or today."""

    PAGE = "page"
    WARN = "warn"


class AlertKind(StrEnum):
    """Who speaks at the other end."""

    SLACK = "slack"
    TELEGRAM = "telegram"
    WEBHOOK = "webhook"


# The references to secrets that each kind needs, and what it may have beside them.
NEEDS: dict[AlertKind, tuple[str, ...]] = {
    AlertKind.SLACK: ("url",),
    AlertKind.TELEGRAM: ("token", "chat"),
    AlertKind.WEBHOOK: ("url",),
}
MAY_HAVE: dict[AlertKind, tuple[str, ...]] = {
    AlertKind.SLACK: (),
    AlertKind.TELEGRAM: ("url",),
    AlertKind.WEBHOOK: ("token",),
}


class AlertConfig(ConfigTable, frozen=True, kw_only=True):
    """One channel. `url` and `token` are references to secrets: who knows them may speak in our name.

    `chat` is the chat of Telegram. What is less urgent than `severity_min` is not said here.
    """

    kind: AlertKind
    url: str = ""
    token: str = ""
    chat: str = ""
    severity_min: AlertSeverity = AlertSeverity.WARN
    messages_per_minute_max: Annotated[int, Range(least="1", most="60")] = 6

    @property
    def secrets(self) -> dict[str, str]:
        """The references to secrets that are given, by field."""
        given = {"url": self.url, "token": self.token}
        return {name: reference for name, reference in given.items() if reference}
