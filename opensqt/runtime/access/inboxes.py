"""The inboxes of the processes at NATS: each has its own, so that nobody reads the answers of another one."""

from urllib.parse import urlsplit

from opensqt.domain.subjects import token

INBOX = "_INBOX"


def inbox_of(process: str) -> str:
    """Return how the inboxes of a process begin."""
    return f"{INBOX}.{token(process)}"


def inbox_for(url: str, name: str) -> str:
    """Return how a client must name its inboxes: who connects as its own user hears its own ones only."""
    return inbox_of(name) if urlsplit(url).username == name else INBOX
