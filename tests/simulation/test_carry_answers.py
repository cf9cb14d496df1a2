"""A carry under every order of answers to both legs: bounded, exhaustive, judged after each answer and at its end."""

import copy
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import CancelIntent, PlaceIntent
from opensqt.strategies.carry import naked
from tests.simulation.carry_rig import CarryRig, carry_setup
from tests.simulation.strategy_facts import SPOT, d
from tests.simulation.test_strategy_carry import TOLERANCE, check

DEPTH = 3  # answers in a row that vary; whatever is asked after them is filled
QUIET_MS, STEP_MS = 6_000, 500
PAUSE_MS_MAX = 70_000  # longer than any pause after orders in vain
SETTLED = ("", "flat", "neutral")
SILENCE_MS = 20_000  # longer than one leg may stand alone


def filled(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let all of it trade."""
    rig.fill(rig.accept(intent))


def part(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let two fifths trade, and the rest end."""
    cid = rig.accept(intent)
    rig.fill(cid, rig.state.market.rules[intent.symbol].fit_quantity(intent.quantity * d("0.4")))
    rig.feed(rig.expired(cid))


def expired(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let it end without a trade."""
    rig.feed(rig.expired(rig.accept(intent)))


def cancelled(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let two fifths trade and the rest hang, until the carry calls it back."""
    cid = rig.accept(intent)
    rig.fill(cid, rig.state.market.rules[intent.symbol].fit_quantity(intent.quantity * d("0.4")))
    for _ in range(0, SILENCE_MS, STEP_MS):
        rig.wait(STEP_MS, STEP_MS)
        for asked in list(rig.waiting.values()):
            if isinstance(asked, CancelIntent) and asked.target_intent_id == intent.intent_id:
                rig.cancel(asked)
                return
    raise AssertionError("nobody called it back")


def rejected(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let the venue refuse it."""
    rig.feed(rig.rejected(rig.submit(intent)))


def refused(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let risk refuse it."""
    rig.refuse(intent)


def found_late(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let nobody know what became of it, and then all of it has traded."""
    cid = rig.submit(intent)
    rig.wait(SILENCE_MS, STEP_MS)
    rig.fill(cid)


def never_was(rig: CarryRig, intent: PlaceIntent) -> None:
    """Let nobody know what became of it, and then it never was."""
    cid = rig.submit(intent)
    rig.wait(SILENCE_MS, STEP_MS)
    rig.feed(rig.never_placed(cid))


Answer = Callable[[CarryRig, PlaceIntent], None]
ANSWERS: tuple[Answer, ...] = (
    filled,
    part,
    expired,
    cancelled,
    rejected,
    refused,
    found_late,
    never_was,
)


def forked(rig: CarryRig) -> CarryRig:
    """Return the same moment once more, to go on from in another way: what is folded never changes."""
    other = copy.copy(rig)
    for name, value in vars(rig).items():
        if isinstance(value, list | dict | set):
            setattr(other, name, value.copy())
    return other


def waiting(rig: CarryRig) -> PlaceIntent | None:
    """Return the first order that is asked for within a while, or None where the carry is quiet."""
    for passed_ms in range(0, PAUSE_MS_MAX, STEP_MS):
        if passed_ms >= QUIET_MS and rig.state.books.step in SETTLED:
            break
        for intent in rig.places():
            if rig.now_ms <= intent.valid_until_ms:
                return intent
            rig.waiting.pop(intent.intent_id)
        rig.wait(STEP_MS, STEP_MS)
    return None


def judged(rig: CarryRig) -> None:
    """Judge one moment: the books are what traded, and no limit of a leg alone is broken unheard."""
    check(rig)
    books = rig.state.books
    if naked.breach(rig.state):
        assert books.called == books.trouble, rig.steps()
        assert rig.halts()


def ends(rig: CarryRig, depth: int) -> Iterator[CarryRig]:
    """Yield how it ends after every order of answers to the next orders."""
    intent = waiting(rig) if depth else None
    if intent is None:
        yield rig
        return
    for answer in ANSWERS:
        other = forked(rig)
        answer(other, intent)
        judged(other)
        yield from ends(other, depth - 1)


def settle(rig: CarryRig) -> None:
    """Fill whatever is asked for, until nothing is."""
    for _ in range(40):
        intent = waiting(rig)
        if intent is None:
            return
        filled(rig, intent)
        judged(rig)
    raise AssertionError(f"never quiet: {rig.steps()[-8:]}")


def flat(*, together: bool) -> CarryRig:
    """Return a carry that asks for its first clip."""
    return CarryRig(
        carry_setup(
            notional_quote_max=Decimal(460), naked_quote_max=Decimal(700), legs_together=together
        )
    )


def leaving() -> CarryRig:
    """Return a carry that asks for the first sale of its exit."""
    rig = flat(together=False)
    rig.take()
    rig.take()
    rig.fund("0")
    assert (rig.next().symbol, rig.next().side) == (SPOT, Side.SELL)
    return rig


BEGINNINGS: dict[str, Callable[[], CarryRig]] = {
    "entry, leg after leg": lambda: flat(together=False),
    "entry, both legs at once": lambda: flat(together=True),
    "exit": leaving,
}


@pytest.mark.row("F04", "F06", "F07", "J08", "I24")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("beginning", BEGINNINGS)
def test_every_order_of_answers_ends_covered_or_flat(beginning: str) -> None:
    """Eight answers to each of the first orders: all 512 ways, or less where the carry was quiet before the third."""
    count = 0
    for rig in ends(BEGINNINGS[beginning](), DEPTH):
        settle(rig)
        books = rig.state.books
        assert abs(books.imbalance) < TOLERANCE, rig.steps()
        assert books.step in SETTLED, rig.steps()
        assert not books.tickets.living
        count += 1
    assert 300 <= count <= len(ANSWERS) ** DEPTH
    print(f"{beginning}: {count} orders of answers")  # noqa: T201
