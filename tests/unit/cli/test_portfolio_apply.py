"""How a plan is applied: what frees capital first, and what needs some only in a healthy account."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from opensqt.cli.portfolio_apply import Applying, CarryChange, apply
from opensqt.portfolio.rebalancer import ActionKind, RebalanceTerms
from opensqt.runtime.clock import VirtualClock


class Hands:
    """Somebody who makes changes and remembers them; `health` is told one after the other, the last for ever."""

    def __init__(self, *health: str | None) -> None:
        self.clock = VirtualClock()
        self.done: list[tuple[str, ...]] = []
        self.said: list[str] = []
        self.health = [None if one is None else Decimal(one) for one in health]

    async def apply(self, *kinds: str) -> int:
        """Apply a change of each of these kinds, and let time go on until it is over."""
        changes = [
            CarryChange(
                kind=ActionKind(kind),
                strategy=f"{kind}-{number}",
                pair=str(number),
                before_quote=Decimal(0),
                after_quote=Decimal(1),
                why="",
                table={"kind": "carry"},
            )
            for number, kind in enumerate(kinds)
        ]
        applying = Applying(
            terms=RebalanceTerms(),
            clock=self.clock,
            health=lambda: self.health.pop(0) if len(self.health) > 1 else self.health[0],
            say=lambda names, text, done: self.said.append(f"{' '.join(names)} {text} {done}"),
            register=self._register,
            remove=self._remove,
        )
        work = asyncio.ensure_future(apply(applying, changes))
        await self.clock.run_for(60)
        return await work

    async def _register(self, action: str, tables: Mapping[str, Any]) -> int:
        self.done.append((action, *tables))
        return 0

    async def _remove(self, name: str) -> int:
        self.done.append(("remove", name))
        return 0


@pytest.mark.row("F18")
async def test_what_frees_capital_comes_first_and_those_of_a_kind_together() -> None:
    """Four kinds in their order; two that are added are one restart of the desk."""
    hands = Hands("0.9")
    assert await hands.apply("remove", "reduce", "increase", "add", "add") == 0
    assert hands.done == [
        ("remove", "remove-0"),
        ("change", "reduce-1"),
        ("change", "increase-2"),
        ("add", "add-3", "add-4"),
    ]


@pytest.mark.row("F18")
async def test_an_increase_waits_for_a_healthy_margin() -> None:
    """It is ill twice, then well: the change is made four seconds later, and the wait was told once."""
    hands = Hands("0.5", None, "0.7")
    assert await hands.apply("increase") == 0
    assert hands.done == [("change", "increase-0")]
    assert hands.said == ["increase-0 increase waits: margin health 0.5, expected 0.7 False"]


@pytest.mark.row("F18")
@pytest.mark.parametrize("health", ["0.69", None])
async def test_an_increase_is_skipped_and_told_where_the_margin_stays_ill(
    health: str | None,
) -> None:
    """After half a minute; what frees capital was done all the same."""
    hands = Hands(health)
    assert await hands.apply("remove", "add") == 1
    assert hands.done == [("remove", "remove-0")]
    known = health or "unknown"
    assert hands.said[-1] == (
        f"add-1 skipped: margin health {known}, expected 0.7; apply again when it is better False"
    )
