"""One thing that people are told, and the words and bytes in which they are. Pure; it holds no secret."""

from typing import Any

import msgspec

from opensqt.domain.clean_text import cleaned
from opensqt.runtime.config.alerts import AlertKind, AlertSeverity

LINES_MAX = 15
CHARACTERS_MAX = 240  # of one line: fifteen of them fit into a message of Telegram
RUNBOOK = "docs/runbooks.md#"
RAISED, OVER = "raised", "over"


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What is the case: it is told once it has been so for `hold_s` (wall), and again when it is over.

    A `once` is a fact: it has happened, and is never over.
    """

    kind: str  # its page in the runbooks
    subject: str
    severity: AlertSeverity
    text: str
    hold_s: float = 0.0
    once: bool = False

    @property
    def key(self) -> str:
        """What tells it from others, also after a restart."""
        return f"{self.kind} {self.subject}"


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """All that one channel is told at once."""

    desk: str
    raised: tuple[Alert, ...] = ()
    over: tuple[str, ...] = ()  # keys
    time_ms: int  # wall

    @property
    def lines(self) -> list[str]:
        """The message as people read it, the most urgent first."""
        urgent = sorted(self.raised, key=lambda one: one.severity is not AlertSeverity.PAGE)
        found = [
            f"{one.severity.upper()} {one.key}: {one.text} ({RUNBOOK}{one.kind.lower()})"
            for one in urgent
        ]
        found += [f"OVER {key}" for key in self.over]
        shown = [cleaned(line, CHARACTERS_MAX) for line in found[:LINES_MAX]]
        more = len(found) - len(shown)
        return shown + ([f"and {more} more: opensqt status"] if more else [])

    @property
    def text(self) -> str:
        """The lines below the name of the desk."""
        return "\n".join((f"[{self.desk}]", *self.lines))


def body(kind: AlertKind, message: AlertMessage, chat: str) -> dict[str, Any]:
    """Return what is posted, as the other end reads it."""
    match kind:
        case AlertKind.SLACK:
            # What is said is data: no reason of a kill may call a whole channel together.
            said = message.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            return {"text": said}
        case AlertKind.TELEGRAM:
            return {"chat_id": chat, "text": message.text, "disable_web_page_preview": True}
        case AlertKind.WEBHOOK:
            return {
                "desk": message.desk,
                "time_ms": message.time_ms,
                "text": message.text,
                "alerts": [_raised(one) for one in message.raised]
                + [{"key": key, "state": OVER} for key in message.over],
            }


def _raised(alert: Alert) -> dict[str, str]:
    return {
        "key": alert.key,
        "state": RAISED,
        "severity": alert.severity.value,
        "summary": cleaned(alert.text),
        "runbook": f"{RUNBOOK}{alert.kind.lower()}",
    }
