"""The users of NATS and their permissions, made from the table of rights. Holds the only text that the server reads.

Each process has an inbox of its own, so that nobody reads the answers of another one; who answers a question may do it
once. The system account belongs to the person alone.
"""

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from opensqt.domain.subjects import token
from opensqt.runtime.access.inboxes import inbox_of
from opensqt.runtime.access.rights import STRATEGY, SYSTEM, TABLE, VENUE, service_of_process
from opensqt.runtime.bus.port import Stream
from opensqt.runtime.bus.streams import STREAMS

ACCOUNT = "DESK"
ASKED = "svc.desk.status"  # of everybody at once
_API = "$JS.API"


class NatsUser(msgspec.Struct, frozen=True, kw_only=True):
    """One user of the server: a process, with what it is of; its repr shows no password."""

    process: str
    password: str
    strategies: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"NatsUser({self.process})"


def permissions(user: NatsUser) -> dict[str, Any]:
    """Return what the server lets a process publish and subscribe to."""
    rights = TABLE[service_of_process(user.process)]
    says = [one for subject in rights.says for one in _filled(subject, user)]
    if rights.administers:
        says += [f"{_API}.>", "$JS.ACK.>", "$JS.FC.>"]
    else:
        says += [f"{_API}.STREAM.NAMES", f"{_API}.STREAM.INFO.*"]
        for stream in rights.follows:
            says += [f"{_API}.CONSUMER.CREATE.{stream}", f"$JS.FC.{stream}.>"]
        for stream in rights.works:
            says += _work(stream)
        says += [f"dlq.{name}" for name in _letters(user.process)]
    if rights.keeps_streams:
        says += [f"{_API}.STREAM.CREATE.{spec.name}" for spec in STREAMS]
    if rights.commands:
        says += ["svc.>", "$SRV.>"]
    name = token(user.process)
    hears = [f"{inbox_of(user.process)}.>", f"svc.{name}.>", ASKED, "$SRV.>", *rights.hears]
    return {"publish": says, "subscribe": hears, "allow_responses": True}


def configuration(users: Sequence[NatsUser], system_password: str) -> str:
    """Return the part of the server's configuration that says who there is; it holds the passwords."""
    accounts = {
        ACCOUNT: {
            "jetstream": "enabled",
            "users": [
                {"user": one.process, "password": one.password, "permissions": permissions(one)}
                for one in users
            ],
        },
        SYSTEM.upper(): {"users": [{"user": SYSTEM, "password": system_password}]},
    }
    said = {"accounts": accounts, "system_account": SYSTEM.upper()}
    return json.dumps(said, indent=1) + "\n"


def _work(stream: Stream) -> list[str]:
    consumer = f"{_API}.CONSUMER"
    return [
        f"{consumer}.LIST.{stream}",
        *(f"{consumer}.{verb}.{stream}.*" for verb in ("INFO", "DELETE", "MSG.NEXT")),
        f"{consumer}.DURABLE.CREATE.{stream}.*",
        f"$JS.ACK.{stream}.>",
    ]


def _letters(process: str) -> list[str]:
    names = dict.fromkeys((token(process), service_of_process(process)))
    return [f"{name}{suffix}" for name in names for suffix in ("", "-strikes")]


def _filled(subject: str, user: NatsUser) -> list[str]:
    for placeholder, names in ((STRATEGY, user.strategies), (VENUE, user.venues)):
        if placeholder in subject:
            return [subject.replace(placeholder, token(name)) for name in names]
    return [subject]
