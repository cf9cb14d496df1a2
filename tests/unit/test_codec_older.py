"""What an older version wrote, before fields were added: it is read, and what it did not say is off."""

from opensqt.domain.instruments import InstrumentRules
from opensqt.runtime.codec import decode
from tests.tidiness.source import ROOT


def test_rules_without_the_later_filters_are_read() -> None:
    """The bytes of rules from before the bands by side and the venue's own caps."""
    name, text = (ROOT / "tests" / "golden" / "older.hex").read_text().split()
    rules = decode(bytes.fromhex(text))
    assert isinstance(rules, InstrumentRules)
    assert type(rules).__name__ == name
    later = (rules.price_band_buy_down, rules.price_band_sell_up, rules.notional_max)
    assert not any((*later, rules.position_max, rules.orders_max))
