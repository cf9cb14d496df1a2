"""From the configuration to an executor: which venue, which limits, which lease."""

import os
import random
from pathlib import Path
from typing import Any

from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import MANUAL_OWNER
from opensqt.domain.scope import DESK, kill_refused
from opensqt.domain.standby import STANDBY
from opensqt.domain.venue import VenueDown
from opensqt.execution.events import EventSource
from opensqt.execution.state import ExecutionState
from opensqt.runtime.actions import Action
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.command_body import unclear
from opensqt.runtime.config.all import Config, ConfigError, OnStop
from opensqt.runtime.config.limits import caps_of
from opensqt.runtime.crash_points import stepped
from opensqt.runtime.environment import APPROVAL_KEYS_FOLDER
from opensqt.runtime.latch import Latches, LatchFile
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.venues.opening import open_venue
from opensqt.venues.port import Venue
from services.executor.account import ExecutorAccount
from services.executor.dead_man import require_timer
from services.executor.kill_switch import KilledAgain, LatchStays, ReleasedUnheard
from services.executor.service import Executor

UNNAMED = (
    "kill_ids: expected the identities of the kills to release, as `kill_ids` of /status names them"
)
FOLLOWS = "stands by and follows its leader's release: ask the leader"


def build(context: Context, name: str) -> Executor:
    """Return the executor of account `name`; raise `ConfigError` naming what is missing."""
    config = context.config
    if name not in config.accounts:
        known = ", ".join(config.accounts)
        raise ConfigError(f"--account {name!r} is not in the configuration (known: {known})")
    account = _account(context, name)
    dead_man_s = config.accounts[name].dead_man_s
    require_timer(account.venue.policy, name, dead_man_s, account.symbols)
    executor = Executor(
        account,
        context.bus,
        context.metrics,
        cancel_on_stop=config.run.on_stop is OnStop.CANCEL,
        progress=context.progress,
        dead_man_s=dead_man_s,
    )

    context.actions.update(actions_of(executor, config, account.state))
    return executor


def actions_of(executor: Executor, config: Config, state: ExecutionState) -> dict[str, Action]:
    """Return what a person may ask of an executor, by path; an answer with `why` tells why it was not done."""

    async def kill(words: dict[str, Any]) -> dict[str, Any]:
        scope, reason, actor = _asked(words)
        if why := _unknown(scope, config, state):
            return {"killed": False, "refused": True, "why": why}
        try:
            swept = await executor.kill.kill(scope, reason, actor, cleaned(words.get("kill_id")))
        except ReleasedUnheard as error:
            return {"killed": DESK in state.kills.scopes, "why": str(error)}
        said = {"killed": True, "cancels": swept.asked, "confirmed": swept.confirmed}
        return said | unclear(words) | ({STANDBY: True} if executor.stands_by else {})

    async def resume(words: dict[str, Any]) -> dict[str, Any]:
        if executor.stands_by:
            # What the leader releases is followed; what only a standby released, the leader would not know.
            return {"killed": DESK in state.kills.scopes, "why": FOLLOWS, STANDBY: True}
        scope, reason, actor = _asked(words)
        kill_ids = words.get("kill_ids")
        # What is named may be released, also when nobody of that scope's name is left.
        if not kill_ids and (why := _unknown(scope, config, state)):
            return {"killed": False, "refused": True, "why": why}
        if not isinstance(kill_ids, list):
            return {"killed": DESK in state.kills.scopes, "why": UNNAMED}
        try:
            ended = await executor.kill.resume(scope, reason, actor, kill_ids)
        except KilledAgain as error:
            return {"killed": True, "why": str(error)}
        except LatchStays as error:
            return {"killed": False, "why": str(error)}
        return {"killed": False, "ended": len(ended), "still": sorted(state.kills.scopes)}

    async def reconcile(_: dict[str, Any]) -> dict[str, Any]:
        try:
            await executor.reconcile()
        except VenueDown as error:
            return {"looked": False, "why": str(error)}
        return {"looked": True}

    return {"/kill": kill, "/resume": resume, "/reconcile": reconcile}


def _account(context: Context, name: str) -> ExecutorAccount:
    config = context.config
    folder = context.environment.data or Path.cwd()
    venue_name = config.accounts[name].venue
    venue = open_venue(
        config,
        name,
        clock=context.clock,
        environ=os.environ,
        data=folder,
        jitter=random.Random(os.getpid()),  # spreads the retries of processes, guards nothing
    )
    latches: Latches = LatchFile(folder)
    return ExecutorAccount(
        author=EventSource(actor=context.name, venue=venue_name, account=name, generation=""),
        venue=stepped(venue, Venue, context.steps),
        journal=context.journal,
        lease=LeaseKeeper(
            context.leases,
            context.clock,
            name=f"executor/{venue_name}/{name}",
            holder=holder_of(context.name),
            ttl_ms=context.environment.lease_ms,
        ),
        clock=context.clock,
        symbols=tuple(
            sorted(
                {
                    symbol
                    for strategy in config.strategies.values()
                    if strategy.account == name
                    for symbol in strategy.symbols
                }
            )
        ),
        folder=folder,
        latches=stepped(latches, Latches, context.steps),
        approval_keys=ApprovalKeys(
            context.environment.approval_keys or folder / APPROVAL_KEYS_FOLDER
        ),
        caps=caps_of(config),
        tracer=context.tracer,
    )


def _asked(words: dict[str, Any]) -> tuple[str, str, str]:
    scope = cleaned(words.get("scope")) or DESK
    reason = cleaned(words.get("reason")) or "no reason given"
    return scope, reason, cleaned(words.get("actor")) or "unknown"


def _unknown(scope: str, config: Config, state: ExecutionState) -> str:
    owners = {order.placed.ref.strategy for order in state.orders.values() if order.placed}
    return kill_refused(scope, {*config.strategies, MANUAL_OWNER, *owners} - {""})
