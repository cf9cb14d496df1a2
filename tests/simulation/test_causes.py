"""What every event of a journal names: the event that it follows from, and the one with which its story began."""

from collections import defaultdict
from pathlib import Path

import pytest

from opensqt.domain.journal import Recorded
from opensqt.domain.messages import CATALOGUE, PARTS
from tests.world.checkers import Judge
from tests.world.faults import Kind
from tests.world.loop import WorldClock, WorldLoop
from tests.world.world import DEADLINE_MS, START_MS, World, plan_for, quietly

# Full houses with a reconciler among them, and a World with a second account.
SEEDS = (2, 9, 13, 29)
FOCUS = (
    Kind.HALT,
    Kind.MOVED,
    Kind.FUNDING,
    Kind.RELEASE,
    Kind.STREAM_MUTE,
    Kind.PLACE_REFUSED,
    Kind.PLACE_LOST,
)
# What the desk did not cause: a start, a person, an act of the venue. Each begins a story.
ROOTS = {
    "DeskGeneration",
    "FeedGeneration",
    "StrategyStarted",
    "KillLatched",
    "KillReleased",
    "VenueSnapshot",
    "Deposit",
    "FundingPaid",
}
BY_HAND = {"Halted", "Resumed"}  # or of the reconciler, who names the look that it judged
# What moves a position, or shows whose the trade was that moved it.
MOVERS = {
    *("Fill", "FundingPaid", "PositionAdopted", "Adjustment"),
    *("IntentPlaced", "Accepted", "Canceled", "Expired"),
}
# What travels on the bus alone and is in no journal.
UNRECORDED = {
    *("BookTop", "Candle", "FeedStatus", "Funding", "InstrumentRules", "Mark", "Tick", "Trade"),
    *("Command", "Heartbeat", "PlaceIntent", "CancelIntent", "Time"),
}
# What no World's venue or author does. Their own tests write them; a World that writes one takes it off this list.
NEVER = {
    *("AutoDeleveraged", "Liquidated", "Settled", "Transferred", "BalanceChanged"),
    *("InstrumentChanged", "VenueStatus", "LimitChanged"),
    *("CallAudited", "AlertDelivery", "OrderedByHand"),
    *("StrategyRegistered", "StrategyRetiring", "StrategyDeregistered", "StrategyFlattened"),
    *("IntentConflict", "OrderContradicted", "StrategyFaulted"),
}


def journal_of(seed: int, folder: Path) -> list[Recorded]:
    """Play a World and return its journal."""
    clock = WorldClock(START_MS)
    loop, judge = WorldLoop(clock), Judge(clock, DEADLINE_MS)
    plan = tuple(one for one in plan_for(seed, FOCUS) if one.kind is not Kind.RESTORE)
    world = World(seed, plan, clock, judge, folder, loop)
    try:
        loop.run_until_complete(world.play())
    finally:
        loop.close()
    assert judge.violations == []
    return world.journal


@pytest.mark.row("A03")
def test_every_event_names_its_cause_and_where_its_story_began(tmp_path: Path) -> None:
    """Over every type of the schema: what no run wrote is named here, so that nothing is left out in silence."""
    seen: set[str] = set()
    wrong: defaultdict[str, set[str]] = defaultdict(set)
    with quietly():
        for seed in SEEDS:
            folder = tmp_path / str(seed)
            folder.mkdir()
            rows = journal_of(seed, folder)
            types = {row.event_id: row.type for row in rows}
            for row in rows:
                seen.add(row.type)
                if why := _wrong(row, types.get(row.causation_id, "")):
                    wrong[row.type].add(why)
    assert wrong == {}
    assert CATALOGUE.keys() - PARTS - UNRECORDED - seen == NEVER


def _wrong(row: Recorded, cause: str) -> str:
    if not row.causation_id or not row.correlation_id:
        return "names no cause, or no story"
    begins = row.causation_id == row.event_id
    if begins and row.correlation_id != row.event_id:
        return "begins a story and names another"
    if row.type == "PositionStated" and cause not in MOVERS:
        return f"follows from {cause or 'no row'}, expected one that moves a position"
    if row.type in ROOTS:
        return "" if begins else f"follows from {row.causation_id}, expected to begin a story"
    is_free = (row.type in BY_HAND and row.actor == "hand") or _is_strangers(row)
    return "names only itself" if begins and not is_free else ""


def _is_strangers(row: Recorded) -> bool:
    """Tell whether a trade was read before anybody knew whose order it was."""
    return row.type == "Fill" and row.stream.startswith("stray/")
