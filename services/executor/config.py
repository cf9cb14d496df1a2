"""From the configuration to an executor: which venue, which limits, which lease."""

import os
import random
from pathlib import Path
from typing import Any

from opensqt.runtime.config import ConfigError, OnStop, symbols_of
from opensqt.runtime.latch import Latches, LatchFile
from opensqt.runtime.lease import LeaseKeeper, holder_of
from opensqt.runtime.process_context import Context
from opensqt.runtime.steps import stepped
from opensqt.runtime.venue.opening import open_venue
from opensqt.runtime.venue.port import Venue, VenueDown
from services.executor.account import Account, Caps
from services.executor.facts import Author
from services.executor.service import Executor
from services.executor.state import DESK

CAP_FACTOR = 2  # the second line stands behind the gate's own limits


def build(context: Context, name: str) -> Executor:
    """Return the executor of account `name`; raise `ConfigError` naming what is missing."""
    config = context.config
    if name not in config.accounts:
        known = ", ".join(config.accounts)
        raise ConfigError(f"--account {name!r} is not in the configuration (known: {known})")
    executor = Executor(
        _account(context, name),
        context.bus,
        context.metrics,
        context.tracer,
        cancel_on_stop=config.run.on_stop is OnStop.CANCEL,
    )

    async def kill(words: dict[str, Any]) -> dict[str, Any]:
        sent = await executor.kill.kill(*_asked(words))
        return {"killed": True, "cancels": sent}

    async def resume(words: dict[str, Any]) -> dict[str, Any]:
        await executor.kill.resume(*_asked(words))
        return {"killed": False}

    async def reconcile(_: dict[str, Any]) -> dict[str, Any]:
        try:
            await executor.reconcile()
        except VenueDown as error:
            return {"looked": False, "why": str(error)}
        return {"looked": True}

    context.actions.update({"/kill": kill, "/resume": resume, "/reconcile": reconcile})
    return executor


def _account(context: Context, name: str) -> Account:
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
    return Account(
        author=Author(actor=context.name, venue=venue_name, account=name, generation=""),
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
                    for symbol in symbols_of(strategy)
                }
            )
        ),
        folder=folder,
        latches=stepped(latches, Latches, context.steps),
        caps=Caps(
            orders_max=config.risk.open_orders_max * CAP_FACTOR,
            notional_max=config.risk.position_notional_quote_max * CAP_FACTOR,
        ),
    )


def _asked(words: dict[str, Any]) -> tuple[str, str, str]:
    scope = str(words.get("scope") or DESK)
    reason = str(words.get("reason") or "no reason given")
    return scope, reason, str(words.get("actor") or "unknown")
