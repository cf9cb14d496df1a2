"""What an older version wrote, before fields were added: it is read, and what it did not say is off."""

import msgspec
import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.kills import Kills, folded
from opensqt.domain.messages import Message
from opensqt.domain.recon_events import Adjustment, reversed_by
from opensqt.domain.strategy_events import AnchorSet, SagaStep
from opensqt.runtime.codec import decode, encode
from tests.tidiness.source import ROOT


def older(name: str) -> Message:
    """Return the one message of this name that an older version wrote."""
    lines = (ROOT / "tests" / "golden" / "older.hex").read_text().splitlines()
    (text,) = [hexed for kind, hexed in (line.split() for line in lines) if kind == name]
    return decode(bytes.fromhex(text))


def test_rules_without_the_later_filters_are_read() -> None:
    """The bytes of rules from before the bands by side and the venue's own caps."""
    rules = older("InstrumentRules")
    assert isinstance(rules, InstrumentRules)
    later = (rules.price_band_buy_down, rules.price_band_sell_up, rules.notional_max)
    assert not any((*later, rules.position_max, rules.orders_max))


def test_a_step_of_a_carry_without_an_outlook_is_read() -> None:
    """The bytes of a step from before it recorded by what it was judged."""
    step = older("SagaStep")
    assert isinstance(step, SagaStep)
    assert step.outlook is None
    assert not step.by_basis
    assert step.tolerance_base == 0
    assert step.detail


def test_an_anchor_from_before_there_were_shapes_is_of_an_even_ladder() -> None:
    """The bytes of one from before geometric and listed ladders."""
    anchor = older("AnchorSet")
    assert isinstance(anchor, AnchorSet)
    assert not anchor.geometric
    assert anchor.prices == ()


def test_an_adjustment_from_before_it_named_what_it_takes_back_says_it_in_its_detail() -> None:
    """The bytes of one from before the field: its words decide, as they did when it was written."""
    made = older("Adjustment")
    assert isinstance(made, Adjustment)
    assert made.takes_back is None
    assert not made.reverses
    taken_back = msgspec.structs.replace(reversed_by(made, "an event", "7"), takes_back=None)
    assert decode(encode(taken_back)) == taken_back
    assert taken_back.reverses


@pytest.mark.row("E13")
@pytest.mark.parametrize("detail", ["reverses nothing", "no trade explains it"])
def test_no_words_decide_whether_an_adjustment_takes_another_back(detail: str) -> None:
    """What it takes back is a field: whoever writes another detail, or translates it, moves no money."""
    made = older("Adjustment")
    assert isinstance(made, Adjustment)
    for takes_back, reverses in (("", False), ("an event", True)):
        told = msgspec.structs.replace(made, detail=detail, takes_back=takes_back)
        read = decode(encode(told))
        assert isinstance(read, Adjustment)
        assert (read, read.reverses) == (told, reverses)


def test_kills_and_releases_from_before_they_told_their_account_are_of_every_one() -> None:
    """Their bytes are read, and an executor of any account obeys both as it did."""
    kill, release = older("KillLatched"), older("KillReleased")
    assert isinstance(kill, KillLatched)
    assert isinstance(release, KillReleased)
    assert kill.account == release.account == ""
    release = msgspec.structs.replace(release, kill_ids=(kill.kill_id,))
    assert folded(folded(Kills(), kill, "main"), release, "main").latched == {}
