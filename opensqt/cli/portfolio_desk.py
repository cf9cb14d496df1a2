"""A running desk as a portfolio is made for it: its account, its venue, what it carries, what it is worth."""

import http.client
import json
import os
import random
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from opensqt.cli.ask import KEY, asked, gateway_of
from opensqt.cli.reading import opened
from opensqt.cli.strategy_change import opened_journal, planned, running
from opensqt.desk.error import NOT_RUNNING, CliError
from opensqt.desk.processes import paper_environ
from opensqt.desk.runfile import read_run
from opensqt.desk.strategy_record import recorded
from opensqt.domain.venue import VenueDown
from opensqt.portfolio.plan import PortfolioPlan
from opensqt.portfolio.scan import PerpPast, Scan, carriable, scanned, to_read
from opensqt.runtime.clock import RunClock
from opensqt.runtime.config.all import Config
from opensqt.runtime.config.carries import plan_for
from opensqt.runtime.config.strategy_changes import StrategyChanges
from opensqt.runtime.token import read_token
from opensqt.runtime.universe_file import KnownUniverse, read_universe, write_universe
from opensqt.venues.feed_opening import open_universe

SAY_EVERY = 10  # pasts
Say = Callable[[str], None]


class PortfolioDesk(msgspec.Struct, frozen=True, kw_only=True):
    """The configuration that counts now, and the account that a portfolio is for."""

    data: Path
    config: Config
    tables: dict[str, Any]  # of strategies, as they were written
    retiring: frozenset[str]
    account: str

    @property
    def venue(self) -> str:
        """The venue of the account."""
        return self.config.accounts[self.account].venue


class AccountHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is worth in the desk's currency, and how healthy its margin is; None is unknown."""

    currency: str
    adjusted_equity: Decimal | None = None
    health_score: Decimal | None = None


async def portfolio_desk(data: Path, account: str) -> PortfolioDesk:
    """Return a desk that runs; raise `CliError`."""
    folder = running(data)
    async with opened(folder, project=False) as source:
        journal = await opened_journal(source)
        try:
            changes = (await recorded(journal)).changes
        finally:
            await journal.close()
        plan = planned(folder, source, changes)
    accounts = plan.config.accounts
    if not account and len(accounts) == 1:
        (account,) = accounts
    if account not in accounts:
        raise CliError(f"--account {account or 'NAME'}: expected one of {', '.join(accounts)}")
    return PortfolioDesk(
        data=folder,
        config=plan.config,
        tables=_written(plan.config_path, changes),
        retiring=frozenset(changes.retiring),
        account=account,
    )


def _written(path: Path, changes: StrategyChanges) -> dict[str, Any]:
    return changes.over(tomllib.loads(path.read_text(encoding="utf-8")).get("strategies", {}))


async def scan(desk: PortfolioDesk, say: Say) -> Scan:
    """Read the venue, what is known for long enough not again; raise `CliError`. What was read is kept at any end."""
    clock, terms = RunClock(), desk.config.portfolio.universe
    known = read_universe(desk.data, desk.venue)
    environ = dict(os.environ) | paper_environ(desk.data, read_run(desk.data).ports)
    universe = open_universe(
        desk.config, desk.venue, clock=clock, environ=environ, jitter=random.Random(desk.venue)
    )
    pasts = dict(known.pasts)
    try:
        say(f"reading what {desk.venue} lists")
        found = carriable(await universe.listed())
        stale = to_read(found, pasts, clock.wall_ms(), terms)
        say(f"{len(found)} pairs of spot and perpetual; reading the past of {len(stale)}")
        await universe.pasts(stale, _keeping(pasts, len(stale), say))
    except VenueDown as error:
        write_universe(desk.data, desk.venue, KnownUniverse(pasts=pasts, scan=known.scan))
        raise CliError(
            f"the venue cannot be read now: {error}; what was read so far is kept, try again",
            NOT_RUNNING,
        ) from error
    finally:
        await universe.close()
    result = scanned(desk.venue, found, pasts, clock.wall_ms(), terms)
    write_universe(desk.data, desk.venue, KnownUniverse(pasts=pasts, scan=result))
    return result


def _keeping(pasts: dict[str, PerpPast], count: int, say: Say) -> Callable[[str, PerpPast], None]:
    done = 0

    def keep(symbol: str, past: PerpPast) -> None:
        nonlocal done
        pasts[symbol] = past
        done += 1
        if done % SAY_EVERY == 0 or done == count:
            say(f"{done} of {count} read")

    return keep


def health(desk: PortfolioDesk) -> AccountHealth:
    """Ask the desk how its account is; raise `CliError` where it does not answer."""
    key = os.environ.get(KEY) or read_token(desk.data)
    status, said = asked(
        gateway_of(desk.data),
        "PortfolioService/GetRiskProfile",
        json.dumps({"account": desk.account}),
        key,
    )
    if status != http.client.OK:
        raise CliError(f"the desk does not say how {desk.account} is: {said}", NOT_RUNNING)
    return msgspec.convert(said, AccountHealth, strict=False)


def plan(desk: PortfolioDesk, found: Scan, worth: AccountHealth) -> PortfolioPlan:
    """Return what is proposed; raise `CliError` where nobody knows what the account is worth."""
    if worth.adjusted_equity is None:
        raise CliError(f"what {desk.account} is worth is not known yet: try again in a second")
    config = desk.config
    return plan_for(config, config.risk, desk.account, found, worth.adjusted_equity, desk.retiring)
