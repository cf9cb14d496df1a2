"""Breakers of a gate on in-memory twins: recorded, obeyed at once, the same after a kill, cleared by a person."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.control import CONTROL_STREAM
from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.domain.journal import Entry, NewEvent
from opensqt.domain.market import Time
from opensqt.domain.messages import Event
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.subjects import subject_of
from opensqt.runtime.journal.reading import decode_row, envelope_of, verified
from services.risk.service import RiskService
from tests.component.test_risk_service import CONFIG, House
from tests.support.approvals import KEY
from tests.unit.risk.breaker_board import candle, filled, round_trip, settings

LOSS = {"losses_in_a_row_max": 2}
CLEAR = {"action": "clear", "breaker": "", "scope": "", "reason": "seen", "actor": "eve"}


class BreakerHouse(House):
    """A house whose desk has breakers, with a relay."""

    def __init__(self, **tables: dict[str, Any]) -> None:
        super().__init__()
        self.config = msgspec.structs.replace(CONFIG, breakers=settings(**tables))
        self.relayed = 0

    def gate(self) -> RiskService:
        """Return a new gate process with this configuration."""
        super().gate()
        self.context.config = self.config
        return RiskService(self.context, KEY)

    async def happen(self, *facts: Event) -> None:
        """Let facts be recorded by others, told, and time pass."""
        for fact in facts:
            event = NewEvent(
                event_id=f"fact-{len(self.store.rows)}",
                stream=f"test/{len(self.store.rows)}",
                message=fact,
                subject=subject_of(fact),
                actor="test",
                occurred_at_ms=fact.time_ms,
            )
            self.store.append(Entry(events=(event,)))
        await self.passes()

    async def passes(self) -> None:
        """Carry the journal to FEED and let market time pass, twice: what is said of it comes back, too."""
        for _ in range(2):
            for row in self.store.rows[self.relayed :]:
                await self.bus.send(row.subject, verified(row), envelope_of(row).headers())
            self.relayed = len(self.store.rows)
            await self.clock.run_for(0.1)
            await self.feed(Time(time_ms=self.clock.market_ms()))

    def words(self) -> Sequence[Halted | Resumed]:
        """Return what the journal has of breakers."""
        facts = [decode_row(row) for row in self.store.rows if row.stream == CONTROL_STREAM]
        return [fact for fact in facts if isinstance(fact, Halted | Resumed)]

    async def outcome(self, number: int, **changes: Any) -> str:
        """Say an intent and return the code of its refusal, or nothing."""
        await self.say(await self.place(number, **changes))
        found = [one for one in self.refusals() if one.intent_id == f"intent-{number}"]
        return found[0].reason if found else ""

    def phases(self, gate: RiskService) -> dict[str, str]:
        """Return the state of each breaker, as the gate shows it."""
        return {row["breaker"]: row["state"] for row in gate.status()["breakers"]}

    def gauge(self, breaker: str, scope: str) -> float | None:
        """Return what the gate's metric shows of a breaker."""
        labels = {"breaker": breaker, "scope": scope}
        return self.context.metrics.registry.get_sample_value("opensqt_breaker_open", labels)


@pytest.mark.row("E06", "E07", "E08")
async def test_losses_open_it_openings_are_refused_by_name_and_exits_pass() -> None:
    """Two losing closes; the next opening is refused with the breaker in its verdict, a close is not."""
    house = BreakerHouse(desk_loss=LOSS)
    async with house.open() as gate:
        await house.happen(*filled(9, Side.BUY, "50000", "0.010"))
        assert await house.outcome(1) == ""
        await house.happen(*round_trip(1, "99"), *round_trip(2, "99"))
        await house.market()
        assert house.phases(gate) == {"desk_loss": "open"}
        assert await house.outcome(2) == "breaker_open"
        refusal = house.refusals()[-1]
        assert refusal.detail == "desk_loss: 2 losses in a row, allowed below 2"
        assert refusal.moment is not None
        assert refusal.moment.breaker == "desk_loss"
        sale = {"side": Side.SELL, "price": Decimal(50_010), "purpose": Purpose.CLOSE}
        assert await house.outcome(3, slot="9", **sale) == ""
        assert gate.status()["mode"] == "REDUCING"
        await house.clock.run_for(1.1)
        assert house.gauge("desk_loss", "desk") == 1
    (opened,) = house.words()
    assert isinstance(opened, Halted)
    assert (opened.actor, opened.breaker, opened.scope) == ("risk", "desk_loss", "desk")


@pytest.mark.row("E07", "E08")
async def test_the_gate_that_comes_after_a_kill_refuses_and_a_person_clears_it() -> None:
    """State, reason and actor are in the journal; nothing is said twice; who clears it is recorded, too."""
    house = BreakerHouse(desk_loss=LOSS)
    async with house.open():
        await house.happen(*round_trip(1, "99"), *round_trip(2, "99"))
        (opened,) = house.words()
    async with house.open() as gate:
        await house.passes()
        (row,) = gate.status()["breakers"]
        assert (row["state"], row["reason"], row["actor"]) == ("open", opened.reason, "risk")
        assert await house.outcome(1) == "breaker_open"
        assert house.words() == [opened]
        action = house.context.actions["/breakers"]
        refused = await action(CLEAR | {"breaker": "market"})
        assert refused["refused"] is True
        assert "open or on trial: desk desk_loss" in refused["why"]
        assert "expected some words" in (await action(CLEAR | {"reason": " "}))["why"]
        assert await action(CLEAR | {"breaker": "desk_loss"}) == {"done": ["desk desk_loss"]}
        assert await house.outcome(2) == "", "the very next order"
        await house.passes()
        assert house.phases(gate) == {"desk_loss": "closed"}
        await house.clock.run_for(1.1)
        assert house.gauge("desk_loss", "") == 0
    closed = house.words()[-1]
    assert isinstance(closed, Resumed)
    assert (closed.actor, closed.reason, closed.breaker) == ("eve", "seen", "desk_loss")
    async with house.open() as gate:
        await house.passes()
        assert house.phases(gate) == {"desk_loss": "closed"}
        assert await house.outcome(3) == ""


@pytest.mark.row("E07")
async def test_a_person_opens_a_scope_by_hand_and_clears_all() -> None:
    """By hand it needs no rule that is switched on; a scope that is none is refused."""
    house = BreakerHouse()
    async with house.open() as gate:
        action = house.context.actions["/breakers"]
        by_hand = {"action": "open", "scope": "binance/main", "reason": "news", "actor": "eve"}
        assert "expected desk" in (await action(by_hand | {"scope": "nowhere"}))["why"]
        assert await action(by_hand) == {"done": ["binance/main manual"]}
        assert await house.outcome(1) == "breaker_open"
        await house.passes()
        assert house.phases(gate) == {"manual": "open"}
        assert await action(CLEAR) == {"done": ["binance/main manual"]}
        assert await house.outcome(2) == ""


@pytest.mark.row("E02", "E03")
async def test_the_market_monitor_has_its_candles_after_a_restart() -> None:
    """What FEED still holds from before the kill fills its window: the next candle is judged at once."""
    house = BreakerHouse(market={"volume_factor": "2", "window_candles": 3})
    now_ms = house.clock.market_ms()

    def at(minute: int, close: str, volume: str, *, closed: bool = True) -> Event:
        open_ms = now_ms + (minute - 3) * 60_000
        shape = candle(0, close, volume, closed=closed)
        return msgspec.structs.replace(shape, open_time_ms=open_ms, time_ms=now_ms)

    async with house.open() as gate:
        for minute in range(3):
            await house.feed(at(minute, "100", "100"))
        await house.passes()
        assert house.phases(gate) == {"market": "closed"}
    await house.clock.run_for(20)  # longer than the gate looks back for anything else
    async with house.open() as gate:
        await house.feed(at(3, "90", "300", closed=False))
        await house.passes()
        assert house.phases(gate) == {"market": "open"}
        assert await house.outcome(1) == "breaker_open"
    (opened,) = house.words()
    assert "volume 300, allowed 200" in opened.reason
