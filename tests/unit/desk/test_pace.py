"""A share of the venue's budget with which orders come too late is found before the start."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.desk.config_default import derive
from opensqt.desk.pace import too_slow
from opensqt.runtime.config.all import Config, parse_config

TEXT = derive(("BTC/USDT", "BTC/USDT:USDT"), market="synthetic:7")


def with_share(share: str, valid_for_ms: int = 2000) -> Config:
    """Return the default configuration with another share and another life of all intents."""
    text = TEXT.replace('share_max = "0.8"', f'share_max = "{share}"')
    account = 'account = "main"'
    return parse_config(text.replace(account, f"{account}\nvalid_for_ms = {valid_for_ms}"), {})


@pytest.mark.row("K13")
@pytest.mark.parametrize("valid_for_ms, least", [(200, "0.13"), (2000, "0.09"), (10_000, "0.05")])
def test_intents_that_live_for_less_need_a_larger_share(valid_for_ms: int, least: str) -> None:
    """The finding names the share that is enough, and a hundredth less is not."""
    (found,) = too_slow(with_share("0.02", valid_for_ms))
    assert found.startswith('venues.binance.rate_budget_share_max = "0.02": ')
    assert found.endswith(f"expected at least {least}")
    assert list(too_slow(with_share(least, valid_for_ms))) == []
    assert list(too_slow(with_share(str(Decimal(least) - Decimal("0.01")), valid_for_ms)))


@pytest.mark.row("K13")
def test_limits_that_no_share_is_enough_for_are_named() -> None:
    """A whole share of so little brings no order through."""
    small = TEXT.replace(
        "rate_budget_share_max", "rate_limits = { perp = 20 }\nrate_budget_share_max"
    )
    (found,) = too_slow(parse_config(small, {}))
    assert "expected higher limits of the venue, a longer valid_for_ms, or fewer accounts" in found


@pytest.mark.row("K13")
def test_a_venue_that_counts_in_another_way_is_not_judged() -> None:
    """What its requests weigh is not known here."""
    config = with_share("0.01")
    assert list(too_slow(config))
    elsewhere = {
        name: msgspec.structs.replace(account, venue="other")
        for name, account in config.accounts.items()
    }
    assert list(too_slow(msgspec.structs.replace(config, accounts=elsewhere))) == []
