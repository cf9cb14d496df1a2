"""The real executor over the wire, also against a venue that promises nothing about ids: Gate's rules, Binance's words.

There a second order of one id is taken, and an id names open orders only. So nothing may ever be sent twice, what has
ended is found among the listed orders, and absence is proved behind the fence alone. The venue's audit judges.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain import order_state
from opensqt.domain.instruments import Market
from opensqt.domain.intent import TimeInForce
from opensqt.domain.order_events import NeverPlaced
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.venue import Held, OrderRequest
from opensqt.runtime.config.schema import PaperRules, VenueConfig
from opensqt.simulation.engine.orders import GATE_IDENTITY, IdentityPolicy
from opensqt.simulation.server import paper
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from opensqt.venues.engine.venue import VenueAccount
from opensqt.venues.policy import policy_of
from tests.component.rig import SYMBOL, Rig
from tests.conditions import stays, until
from tests.contract.venues import gate_to
from tests.simulation.venue.scripted import ScriptedFlow, setup

pytestmark = pytest.mark.row("C06")
TIMES = VenueConfig(deadline_ms=1000, visibility_lag_ms=200)
IDENTITIES = {PaperRules.BINANCE: IdentityPolicy(), PaperRules.GATE: GATE_IDENTITY}
PACE_S = 0.02
RULES = pytest.mark.parametrize("rules", list(PaperRules))


class Desk(Rig):
    """A desk whose venue is real; its clock goes as fast as the wall's."""

    real: paper.PaperVenue

    def inject(self, fault: FaultName, kind: str, count: int | None = 1) -> None:
        """Lose one thing of the wire, and every private frame."""
        silent = FaultRule(fault=FaultName.DROPPED_FRAME, match=Match(kind="private"))
        rule = FaultRule(fault=fault, match=Match(kind=kind, market="perp"), count=count)
        self.real.server.admin.inject(FaultScript(rules=[silent, rule]))

    def audit(self, kind: str) -> list[dict[str, str]]:
        """The audit's rows of one kind."""
        lines = (self.folder / paper.AUDIT_FILE).read_text(encoding="utf-8").splitlines()
        return [row for row in map(json.loads, lines) if row["kind"] == kind]

    async def ends(self, phase: OrderStatus) -> order_state.Order:
        """Wait until the first order is in a phase and return it."""
        await until(lambda: bool(self.orders()), within_s=20)
        await until(lambda: self.order_of().phase is phase, within_s=20)
        return self.order_of()


@asynccontextmanager
async def desk(folder: Path, rules: PaperRules) -> AsyncIterator[Desk]:
    """A venue with these rules and an executor that trades there."""
    rig = Desk(folder)
    paper_setup = msgspec.structs.replace(setup(folder), policy=IDENTITIES[rules])
    rig.real = paper.PaperVenue(paper_setup, ScriptedFlow(), rig.clock)
    await rig.real.start()
    markets = frozenset({Market.PERP})
    gate = gate_to(rig.real.port, rig.real.ca_path, rig.clock, markets, TIMES)
    await gate.listing.load()
    policy = policy_of("binance", TIMES, rules=rules)
    venue = VenueAccount(gate, account="main", policy=policy)
    rig.wire = lambda port: venue if port is rig.venue else port
    pacing = asyncio.create_task(_pace(rig))
    try:
        async with rig.running(rig.executor()):
            await until(lambda: rig.real.server.streams.attached == 1)
            yield rig
    finally:
        pacing.cancel()
        await venue.close()
        await rig.real.stop()


async def _pace(rig: Rig) -> None:
    while True:
        await rig.clock.run_for(PACE_S)
        await stays(lambda: True, for_s=PACE_S)


RESTING: dict[str, Any] = {"price": Decimal(59000)}
TAKING: dict[str, Any] = {"price": Decimal(60001), "time_in_force": TimeInForce.GTC}
PASSING: dict[str, Any] = {
    "price": Decimal(59000),
    "time_in_force": TimeInForce.IOC,
}  # ends at once without a fill


@RULES
@pytest.mark.parametrize(
    "terms,phase",
    [(RESTING, OrderStatus.LIVE), (TAKING, OrderStatus.FILLED), (PASSING, OrderStatus.EXPIRED)],
)
async def test_a_lost_answer_is_found_and_never_sent_again(
    tmp_path: Path, rules: PaperRules, terms: dict[str, Any], phase: OrderStatus
) -> None:
    """Open orders show what rests, the listing and the trades what has ended; the venue took one order."""
    async with desk(tmp_path, rules) as rig:
        rig.inject(FaultName.LOST_ACK, "place")
        await rig.approve(rig.place(**terms))
        order = await rig.ends(phase)
        assert order.unresolved is not None
        assert order.filled == (Decimal("0.010") if phase is OrderStatus.FILLED else 0)
    (row,) = rig.audit("place")
    assert row["client_order_id"] == order.client_order_id


@RULES
async def test_absence_is_proved_behind_the_fence_only(tmp_path: Path, rules: PaperRules) -> None:
    """The request never arrived: it was sent once, and nobody says so before it can no longer arrive."""
    async with desk(tmp_path, rules) as rig:
        rig.inject(FaultName.LOST_REQUEST, "place", None)
        await rig.approve(rig.place(**RESTING))
        order = await rig.ends(OrderStatus.NEVER_PLACED)
        (proof,) = [fact for fact in rig.facts() if isinstance(fact, NeverPlaced)]
        assert rig.real.faults.met[1] == 1
    assert order.submitting is not None
    skew_ms = policy_of("binance", TIMES, rules=rules).clock_skew_ms_max
    fence_ms = order.submitting.deadline_ms + skew_ms + TIMES.visibility_lag_ms
    assert proof.time_ms >= fence_ms + TIMES.visibility_lag_ms
    assert rig.audit("place") == []


@RULES
async def test_a_cancel_whose_answer_was_lost_is_found_among_the_ended(
    tmp_path: Path, rules: PaperRules
) -> None:
    """The id names nothing any more; the listing says that it was cancelled."""
    async with desk(tmp_path, rules) as rig:
        rig.inject(FaultName.LOST_ACK, "cancel")
        await rig.approve(rig.place(**RESTING))
        await rig.ends(OrderStatus.LIVE)
        await rig.approve(rig.cancel())
        await rig.ends(OrderStatus.CANCELED)
    assert len(rig.audit("cancel")) >= 1
    assert [row["result"] for row in rig.audit("cancel")].count("accepted") == 1


async def test_the_venue_takes_a_second_order_of_one_id(tmp_path: Path) -> None:
    """What the executor must never do costs a second order here."""
    async with desk(tmp_path, PaperRules.GATE) as rig:
        now_ms = rig.clock.market_ms()
        intent = rig.place(**RESTING)
        request = OrderRequest(
            client_order_id="qtwice",
            symbol=SYMBOL,
            side=intent.side,
            type=intent.type,
            time_in_force=intent.time_in_force,
            price=intent.price,
            quantity=intent.quantity,
            reduce_only=False,
            signed_ms=now_ms,
            deadline_ms=now_ms + 5000,
        )
        venue = rig.wire(rig.venue)
        for _ in range(2):
            assert isinstance(await venue.place(request), Held)
        assert len(await venue.open_orders(SYMBOL)) == 2
