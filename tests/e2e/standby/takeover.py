"""One take-over: the leader vanishes in one of four ways, the standby sends, the lost one comes back and stands by."""

import signal
from datetime import datetime
from enum import StrEnum

import msgspec

from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.domain.order_events import Submitting
from opensqt.domain.verdict import RiskApproved, RiskRefused
from opensqt.runtime.codec import decode
from tests.conditions import until
from tests.crash import judge
from tests.e2e import audit
from tests.e2e.standby.pair import DEADLINE_MS, LEASE_MS, Pair, Twin

TAKEOVER_MS_MAX = LEASE_MS + DEADLINE_MS + 1000
WARM = 12  # intents said before the leader is lost
FIRST_S = 30.0
BURST = 8  # said in one go right before the cut, so that some are under way
BACK_S = 30.0
READ_MAX = 1000


class Loss(StrEnum):
    """How a leader vanishes."""

    KILLED = "SIGKILL"
    PAUSED = "SIGSTOP"
    NO_JOURNAL = "no Postgres"
    NO_BUS = "no NATS"


class TakeOver(msgspec.Struct, frozen=True, kw_only=True):
    """What a take-over took and what it broke."""

    loss: Loss
    millis: int  # from the cut to the new leader's first order request at the venue
    unacked: int  # commands said before it that were left to the successor
    broken: tuple[str, ...] = ()


class Ledger:
    """The journal as far as leaders are concerned: under which epoch what was sent and judged, and in what order."""

    def __init__(self, pair: Pair) -> None:
        self._journal = pair.desk.house.journal
        self._position = 0
        self.sent: dict[str, int] = {}  # client order id -> epoch
        self.judged: dict[str, tuple[int, int]] = {}  # intent -> position, epoch

    async def read(self) -> None:
        """Read what is new."""
        while rows := await self._journal.read(self._position, READ_MAX):
            for row in rows:
                self._position = row.position
                message = decode(row.data)
                if isinstance(message, Submitting):
                    self.sent[message.ref.client_order_id] = message.epoch
                elif isinstance(message, RiskApproved | RiskRefused):
                    self.judged[message.intent_id] = row.position, row.epoch


async def lose(pair: Pair, loss: Loss) -> TakeOver:
    """Lose the leader under load, wait for the standby's first request, bring the lost one back, and judge."""
    house, ledger = pair.desk.house, Ledger(pair)
    leader, _ = await pair.roles()
    already = len(pair.said)
    pair.flow(on=True)
    await until(lambda: len(pair.said) >= already + WARM, within_s=FIRST_S)
    await ledger.read()
    epoch = max(ledger.sent.values(), default=0)
    await pair.burst(BURST)
    cut_ms = house.clock.wall_ms()
    _cut(leader, loss)

    async def sends() -> bool:
        await ledger.read()
        return any(
            ledger.sent.get(row["client_order_id"], 0) > epoch for row in _places(pair, cut_ms)
        )

    at_cut = len(pair.said)
    await until(sends, within_s=FIRST_S)
    rows = _places(pair, cut_ms)
    first_ms = min(_ms(row) for row in rows if ledger.sent.get(row["client_order_id"], 0) > epoch)
    await _heal(pair, leader, loss)
    pair.flow(on=False)
    said = pair.said[already:]

    async def all_judged() -> bool:
        await ledger.read()
        return all(intent.intent_id in ledger.judged for intent in said)

    await until(all_judged, within_s=FIRST_S)
    broken = [await judge.quiet(pair.desk)]
    await house.read()
    broken += judge.broken(house.record, audit.rows(house.folder), pair.author.places)
    broken += _late(pair, ledger, epoch, first_ms)
    left = [x for x in said if ledger.judged.get(x.intent_id, (0, 0))[1] > epoch]
    broken += _disorder(ledger, left)
    return TakeOver(
        loss=loss,
        millis=first_ms - cut_ms,
        unacked=len([x for x in pair.said[already:at_cut] if x in left]),
        broken=tuple(text for text in broken if text),
    )


def _cut(leader: Twin, loss: Loss) -> None:
    match loss:
        case Loss.KILLED:
            # Its host is gone too: a process of the same name there would be the same holder again at once.
            leader.seat.vacant = True
            _signal(leader, signal.SIGKILL)
        case Loss.PAUSED:
            _signal(leader, signal.SIGSTOP)
        case Loss.NO_JOURNAL:
            leader.journal.darken()
        case Loss.NO_BUS:
            leader.bus.darken()


async def _heal(pair: Pair, lost: Twin, loss: Loss) -> None:
    """Let the lost leader go on: it must end by itself, and its next process must stand by."""
    if loss is Loss.KILLED:
        lost.seat.vacant = False
        await pair.desk.start(lost.seat)
    if loss is Loss.PAUSED:
        _signal(lost, signal.SIGCONT)
    lost.journal.light()
    lost.bus.light()

    async def stands_by() -> bool:
        return await lost.phase() == "waiting for the lease"

    await until(stands_by, within_s=BACK_S)


def _signal(twin: Twin, sign: signal.Signals) -> None:
    if twin.seat.child is None:
        raise RuntimeError(f"nobody sits at {twin.seat.name}")
    twin.seat.child.signal(sign)


def _places(pair: Pair, since_ms: int) -> list[audit.Row]:
    return [row for row in audit.places(pair.desk.house.folder) if _ms(row) >= since_ms]


def _ms(row: audit.Row) -> int:
    return round(datetime.fromisoformat(row["time"]).timestamp() * 1000)


def _late(pair: Pair, ledger: Ledger, epoch: int, first_ms: int) -> list[str]:
    """Name what the venue took of the old epoch after the new leader's first request.

    A leader stopped in the middle of a request sends the rest of it when it wakes up: its deadline is the fence.
    """
    return [
        f"{row['client_order_id']} of epoch {ledger.sent[row['client_order_id']]} came"
        f" {_ms(row) - first_ms} ms after the new leader"
        for row in _places(pair, first_ms)
        if row["result"] == "accepted"
        and ledger.sent.get(row["client_order_id"], epoch + 1) <= epoch
    ]


def _disorder(ledger: Ledger, left: list[PlaceIntent | CancelIntent]) -> list[str]:
    """Name commands of one queue that the successor took in another order than they were said in."""
    found = []
    for kind in (PlaceIntent, CancelIntent):
        positions = [ledger.judged[x.intent_id][0] for x in left if isinstance(x, kind)]
        if positions != sorted(positions):
            found.append(f"{kind.__name__} out of order: {positions}")
    return found
