"""What a portfolio plan changes about the carries of a desk, and the changes made one kind after the other.

What frees capital comes first; what needs some waits for a healthy margin, and is left out and told where it stays ill.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec

from opensqt.cli.portfolio_desk import PortfolioDesk
from opensqt.cli.strategy_change import ADD, CHANGE
from opensqt.desk.error import GOOD, CliError
from opensqt.domain.decimals import canonical
from opensqt.portfolio.plan import PortfolioPlan
from opensqt.portfolio.rebalancer import (
    FREEING,
    ActionKind,
    PortfolioAction,
    RebalanceTerms,
    Turn,
    turn,
)
from opensqt.portfolio.scan import Scan
from opensqt.portfolio.universe import Candidate
from opensqt.runtime.clock import Clock
from opensqt.runtime.config.carries import carries_of, pair_of

LOOK_S = 2.0
MS_PER_S = 1000


class CarryChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of the carries of a desk: which strategy, what it was to hold and is to hold now, and why."""

    kind: ActionKind
    strategy: str
    pair: str
    before_quote: Decimal
    after_quote: Decimal
    why: str
    table: dict[str, Any]  # as a configuration would say it; empty of one that is removed

    def figures(self) -> dict[str, Any]:
        """Return it for scripts."""
        return {
            "kind": self.kind.value,
            "strategy": self.strategy,
            "pair": self.pair,
            "before_quote": canonical(self.before_quote),
            "after_quote": canonical(self.after_quote),
            "why": self.why,
        }


class Applying(msgspec.Struct, frozen=True, kw_only=True):
    """How changes are made and waited for; each answers with the exit code of `opensqt strategies`.

    `register(action, tables)` adds or changes carries, `remove(name)` flattens one and takes it off the desk.
    """

    terms: RebalanceTerms
    clock: Clock
    health: Callable[[], Decimal | None]
    say: Callable[[tuple[str, ...], str, bool], None]
    register: Callable[[str, Mapping[str, Any]], Awaitable[int]]
    remove: Callable[[str], Awaitable[int]]


def changes_of(desk: PortfolioDesk, found: Scan, wanted: PortfolioPlan) -> tuple[CarryChange, ...]:
    """Return the changes of strategies that a plan means, in order; raise `CliError` where two carry one pair."""
    ranked = {one.pair.key: one for one in found.ranking}
    outs = {out.pair: out.why for out in found.left_out}
    owners: dict[str, str] = {}
    for name, carry in carries_of(desk.config, desk.account).items():
        if name in desk.retiring:
            continue
        if (key := pair_of(carry, desk.venue)) in owners:
            raise CliError(
                f"{owners[key]} and {name} carry the same pair: a portfolio has one for each; remove one"
            )
        owners[key] = name
    return tuple(
        _change(desk, action, owners, _why(action, ranked, outs, found))
        for action in wanted.actions
    )


async def apply(applying: Applying, changes: Sequence[CarryChange]) -> int:
    """Make the changes, those of a kind together; return how many were skipped or are not done in time."""
    undone = 0
    for kind, several in groupby(changes, key=lambda one: one.kind):
        same = tuple(several)
        if not await _has_room(applying, kind, same):
            undone += len(same)
            continue
        if kind is ActionKind.REMOVE:
            for one in same:
                undone += await applying.remove(one.strategy) != GOOD
            continue
        tables = {one.strategy: one.table for one in same}
        action = ADD if kind is ActionKind.ADD else CHANGE
        undone += len(same) * (await applying.register(action, tables) != GOOD)
    return undone


async def _has_room(applying: Applying, kind: ActionKind, same: Sequence[CarryChange]) -> bool:
    """Wait until the margin is healthy enough for a change that needs some of it; tell who is left out."""
    terms, clock, names = applying.terms, applying.clock, tuple(one.strategy for one in same)
    since_s, waiting = clock.monotonic_s(), False
    while True:
        health = None if kind in FREEING else applying.health()
        waited_ms = int((clock.monotonic_s() - since_s) * MS_PER_S)
        now = turn(kind, health, waited_ms, terms)
        if now is Turn.NOW:
            return True
        known = "unknown" if health is None else f"{health:f}"
        why = f"margin health {known}, expected {terms.health_min:f}"
        if now is Turn.SKIP:
            applying.say(names, f"skipped: {why}; apply again when it is better", False)
            return False
        if not waiting:
            waiting = True
            applying.say(names, f"{kind} waits: {why}", False)
        await clock.sleep(LOOK_S)


def _change(
    desk: PortfolioDesk, action: PortfolioAction, owners: dict[str, str], why: str
) -> CarryChange:
    name = owners.get(action.pair) or _new_name(desk, action.pair)
    return CarryChange(
        kind=action.kind,
        strategy=name,
        pair=action.pair,
        before_quote=action.before_quote,
        after_quote=action.after_quote,
        why=why,
        table={} if action.kind is ActionKind.REMOVE else _table(desk, name, action),
    )


def _table(desk: PortfolioDesk, name: str, action: PortfolioAction) -> dict[str, Any]:
    """Return a carry as a configuration would say it: what it was told before, or what the portfolio tells all."""
    told = desk.tables.get(name)
    if told is None:
        terms = desk.config.portfolio
        spot, perp = (leg.partition(":")[2] for leg in action.pair.split())
        told = {
            "kind": "carry",
            "account": desk.account,
            "spot": spot,
            "perp": perp,
            "entry_apr_min": canonical(terms.universe.apr_min),
            "exit_apr_max": "0",
            **terms.carry,
        }
    size = told.get("order_notional_quote")
    if size is not None and Decimal(str(size)) > action.after_quote:
        told = told | {"order_notional_quote": canonical(action.after_quote)}
    return told | {"notional_quote_max": canonical(action.after_quote)}


def _new_name(desk: PortfolioDesk, pair: str) -> str:
    """Return a name for a carry that is not taken; raise `CliError` where there is none."""
    spot = pair.partition(" ")[0].partition(":")[2]
    plain = "".join(
        letter if letter.isascii() and letter.isalnum() else "-" for letter in spot.lower()
    )
    for name in (f"carry-{plain}", f"carry-{plain}-{desk.account}"):
        if name not in desk.config.strategies:
            return name
    raise CliError(f"carry-{plain} is the name of another strategy: rename it, or remove it")


def _why(
    action: PortfolioAction, ranked: dict[str, Candidate], outs: dict[str, str], found: Scan
) -> str:
    one = ranked.get(action.pair)
    if one is None:
        return outs.get(action.pair, f"{found.venue} does not list it")
    place = 1 + list(ranked).index(action.pair)
    told = f"place {place} of {len(ranked)}, {one.pair.apr * 100:.2f} % a year"
    return (
        told if action.kind is not ActionKind.REMOVE else f"{told}: others earn more for its place"
    )
