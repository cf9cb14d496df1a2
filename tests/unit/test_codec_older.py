"""What an older version wrote, before fields were added: it is read, and what it did not say is off."""

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.messages import Message
from opensqt.domain.strategy import SagaStep
from opensqt.runtime.codec import decode
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
    assert step.detail
