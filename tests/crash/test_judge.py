"""The judge is judged: what is wrong after a cell must not pass, be it planted or done by an executor."""

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Purpose
from opensqt.runtime.config.schema import PaperRules
from opensqt.simulation.server.faults import FaultName, FaultRule, FaultScript, Match
from tests.crash.cell import Cell, begin, desk_of, play, verdict
from tests.crash.defects import DEFECTS, Scene
from tests.crash.desk import Desk
from tests.crash.house import Shared
from tests.crash.scenarios import CROSSING
from tests.e2e import audit
from tests.simulation.venue.scripted import PERP, SPOT

HIDDEN_MS = 60_000
LOST = FaultRule(fault=FaultName.LOST_ACK, match=Match(kind="place"), count=1)
SILENT = FaultRule(fault=FaultName.DROPPED_FRAME, match=Match(kind="private"))
HIDDEN = FaultRule(fault=FaultName.VISIBILITY_LAG, count=40, ms=HIDDEN_MS)
BY_THE_SAME_ID = ("resends under the same id", PaperRules.GATE, "was accepted 2 times")

pytestmark = [
    pytest.mark.row("J01"),
    pytest.mark.row("A06"),
    pytest.mark.timeout(200),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.row("K14")
async def test_whatever_is_planted_after_a_real_cell_is_named(shared: Shared) -> None:
    """Two symbols were traded and left, one long and short: nothing is found, and then each planted defect."""
    cell = Cell(service="executor", scenario="two symbols")
    async with desk_of(shared, cell) as desk:
        _, author = await begin(desk, cell)
        await play(desk, author, cell.scenario)
        await author.leave(PERP, CROSSING)
        await author.cancel(await author.surely())
        await author.surely()
        assert await verdict(desk, author) == []
        house = desk.house
        scene = Scene(messages=house.messages, rows=audit.rows(house.folder), places=author.places)
    assert scene.found() == []
    assert _exits_of(scene, desk) == {
        (PERP, Side.SELL, True),
        (PERP, Side.BUY, True),
        (SPOT, Side.SELL, False),
    }
    for name, (plant, words) in DEFECTS.items():
        wrong = scene.copied()
        plant(wrong)
        assert any(words in text for text in wrong.found()), (name, wrong.found())


@pytest.mark.parametrize(
    "mutant, rules, words",
    [
        BY_THE_SAME_ID,
        *(
            pytest.param(*values, marks=pytest.mark.slow)
            for values in (
                ("", PaperRules.BINANCE, ""),
                ("", PaperRules.GATE, ""),
                ("resends under a new id", PaperRules.BINANCE, "has 2 venue orders"),
                ("gives up at the first look", PaperRules.BINANCE, "is at the venue, said"),
            )
        ),
    ],
)
async def test_the_judge_catches_an_executor_that_breaks_the_promise(
    mutant: str, rules: PaperRules, words: str, shared: Shared
) -> None:
    """An answer is lost, the stream is silent: who sends again or gives up is caught, who looks passes."""
    async with Desk(shared, rules, mutant) as desk:
        _, author = await begin(desk, Cell(service="executor", scenario="place", rules=rules))
        await author.surely()
        hidden = [HIDDEN] if "look" in mutant else []
        desk.house.venue.faults.load(FaultScript(rules=[LOST, SILENT, *hidden]))
        await author.known(await author.place())
        found_words = await verdict(desk, author)
    assert bool(found_words) == bool(words), found_words
    assert any(words in text for text in found_words) or not words


def _exits_of(scene: Scene, desk: Desk) -> set[tuple[str, Side, bool]]:
    """Return in which symbols exits traded, of which side, and whether they left with the venue's flag."""
    leaving = {one.intent_id: one.side for one in scene.places if one.purpose is Purpose.CLOSE}
    traded = {row["client_order_id"] for row in scene.rows if row["kind"] == "fill"}
    return {
        (order.ref.symbol, leaving[order.ref.intent_id], order.reduce_only)
        for name, order in desk.house.record.orders.items()
        if order.ref.intent_id in leaving and name in traded
    }
