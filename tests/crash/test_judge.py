"""The judge is judged: an executor that breaks the promise on purpose must not pass."""

import pytest

from opensqt.runtime.config_schema import PaperRules
from opensqt.simulation.faults import FaultName, FaultRule, FaultScript, Match
from tests.crash import matrix
from tests.crash.cell import Cell, begin, verdict
from tests.crash.desk import Desk

HIDDEN_MS = 60_000
LOST = FaultRule(fault=FaultName.LOST_ACK, match=Match(kind="place"), count=1)
SILENT = FaultRule(fault=FaultName.DROPPED_FRAME, match=Match(kind="private"))
HIDDEN = FaultRule(fault=FaultName.VISIBILITY_LAG, count=40, ms=HIDDEN_MS)

pytestmark = [pytest.mark.slow, pytest.mark.row("J01"), pytest.mark.row("A06")]


@pytest.mark.parametrize(
    "mutant, rules, words",
    [
        ("", PaperRules.BINANCE, ""),
        ("", PaperRules.GATE, ""),
        ("resends under a new id", PaperRules.BINANCE, "has 2 venue orders"),
        ("resends under the same id", PaperRules.GATE, "was accepted 2 times"),
        ("gives up at the first look", PaperRules.BINANCE, "is at the venue, said"),
    ],
)
async def test_the_judge_catches_an_executor_that_breaks_the_promise(
    mutant: str, rules: PaperRules, words: str, postgres_session_dsn: str, postgres_template: str
) -> None:
    """An answer is lost, the stream is silent: who sends again or gives up is caught, who looks passes."""
    async with (
        matrix.shared(postgres_session_dsn, postgres_template) as found,
        Desk(found, rules, mutant) as desk,
    ):
        _, author = await begin(desk, Cell(service="executor", scenario="place", rules=rules))
        await author.surely()
        hidden = [HIDDEN] if "look" in mutant else []
        desk.house.venue.faults.load(FaultScript(rules=[LOST, SILENT, *hidden]))
        await author.known(await author.place())
        found_words = await verdict(desk, author)
    assert bool(found_words) == bool(words), found_words
    assert any(words in text for text in found_words) or not words
