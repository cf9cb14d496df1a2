"""The kills in force and the kills that are over: by identity, never by anybody's clock. Pure.

A kill has an identity, drawn by who said it first; a release names the kills that it ends. So it does not matter in
which order they are heard, how often, or what the clocks of their senders said: what no release names is in force.
Kills and releases of before identities were written fold as they always did: such a release ends what was said until
its own time, and nothing that has an identity.

A kill of the desk has one identity for all accounts, and each account's executor releases it for itself. An executor
(`account` in `folded`) that has obeyed a kill holds to it until its own account's release names it; one that has not
takes the word of any other. Who looks at the whole desk counts a kill as over with the first release that names it.
"""

import msgspec

from opensqt.domain import ids
from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.scope import DESK, Scope, can_be_killed


class Kills(msgspec.Struct, frozen=True, kw_only=True):
    """What is killed now, and what was released."""

    latched: dict[str, KillLatched] = {}  # by identity
    released: frozenset[str] = frozenset()
    obeyed: frozenset[str] = frozenset()  # by the account that looks, as far as is told
    over_elsewhere: frozenset[str] = frozenset()  # released for other accounts than that one
    released_ms: dict[str, int] = {}  # scope -> newest time of a release that names no kill

    @property
    def scopes(self) -> dict[str, KillLatched]:
        """Return what is killed, each with the kill of it that was said last."""
        order = sorted(self.latched.items(), key=lambda item: (item[1].time_ms, item[0]))
        return {kill.scope: kill for _, kill in order}

    def stopping(self, strategy: str) -> KillLatched | None:
        """Return the kill that stops a strategy: the desk's or its own."""
        scopes = self.scopes if self.latched else {}
        return scopes.get(DESK) or scopes.get(str(Scope(strategy=strategy)))

    def of(self, scope: str) -> tuple[str, ...]:
        """Return the identities of the kills in force that a release of a scope ends.

        With the desk go the kills of scopes that mean nobody: they stop nothing, and no release has such a scope.
        """
        return tuple(sorted(name for name, kill in self.latched.items() if ends(scope, kill)))

    def is_known(self, kill: KillLatched) -> bool:
        """Tell whether this very kill is in force or was released: hearing of it once more is no news."""
        known = self.latched.get(identity(kill))
        return self.is_over(kill) if known is None else known.scope in (kill.scope, DESK)

    def is_over(self, kill: KillLatched) -> bool:
        """Tell whether a kill was released: a release names it, or it is of before identities and older than one."""
        name = identity(kill)
        if name in self.released or name in self.over_elsewhere - self.obeyed:
            return True
        return (
            not kill.kill_id and self.released_ms.get(kill.scope, kill.time_ms - 1) >= kill.time_ms
        )


def named(kill: KillLatched) -> KillLatched:
    """Return a kill with its identity written and its words cleaned; the same for the same kill, however often."""
    kill = _worded(kill)
    return msgspec.structs.replace(kill, kill_id=identity(kill))


def identity(kill: KillLatched) -> str:
    """Return the identity of a kill; one of before identities is what it said."""
    kill = _worded(kill)
    return kill.kill_id or ids.event_id("kill", kill.scope, kill.reason, kill.actor, kill.time_ms)


def ends(scope: str, kill: KillLatched) -> bool:
    """Tell whether a release of a scope is about a kill."""
    return kill.scope == scope or (scope == DESK and not can_be_killed(kill.scope))


def folded(kills: Kills, event: KillLatched | KillReleased, account: str = "") -> Kills:
    """Take in a kill or a release, as the account sees it whose executor looks; without one, as the desk does."""
    if isinstance(event, KillLatched):
        return _latched(kills, event, account)
    if event.account:
        return _released(kills, event, account)
    if event.kill_ids:
        return _without(kills, frozenset(event.kill_ids))
    newest_ms = max(event.time_ms, kills.released_ms.get(event.scope, event.time_ms))
    left = {name: kill for name, kill in kills.latched.items() if not _ended(kill, event)}
    released_ms = {**kills.released_ms, event.scope: newest_ms}
    return msgspec.structs.replace(kills, latched=left, released_ms=released_ms)


def _released(kills: Kills, release: KillReleased, account: str) -> Kills:
    """Take in a release that tells its account: it ends what it names and nothing else, by nobody's clock."""
    names = frozenset(release.kill_ids)
    if account in ("", release.account):
        return _without(kills, names)
    left = {n: kill for n, kill in kills.latched.items() if n not in names or n in kills.obeyed}
    return msgspec.structs.replace(kills, latched=left, over_elsewhere=kills.over_elsewhere | names)


def _without(kills: Kills, names: frozenset[str]) -> Kills:
    left = {name: kill for name, kill in kills.latched.items() if name not in names}
    return msgspec.structs.replace(kills, latched=left, released=kills.released | names)


def _latched(kills: Kills, kill: KillLatched, account: str) -> Kills:
    name = identity(kill)
    if account and kill.account in ("", account):
        kills = msgspec.structs.replace(kills, obeyed=kills.obeyed | {name})
    known = kills.latched.get(name)
    if name in kills.released or name in kills.over_elsewhere - kills.obeyed:
        return kills
    if known is not None and known.scope != kill.scope:
        # Two kills claim one identity: what both mean is stopped, and only the desk's release ends it.
        kill = msgspec.structs.replace(known, scope=DESK)
    elif known is not None and known.kill_id:
        return kills
    # Who recorded it first is no part of what is in force.
    kept = msgspec.structs.replace(_worded(kill), epoch=0)
    return msgspec.structs.replace(kills, latched={**kills.latched, name: kept})


def _ended(kill: KillLatched, release: KillReleased) -> bool:
    mine = not kill.kill_id and kill.scope == release.scope
    return mine and kill.time_ms <= release.time_ms


def _worded(kill: KillLatched) -> KillLatched:
    return msgspec.structs.replace(
        kill,
        scope=cleaned(kill.scope),
        reason=cleaned(kill.reason),
        actor=cleaned(kill.actor),
        kill_id=cleaned(kill.kill_id),
    )
