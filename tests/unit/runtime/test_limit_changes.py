"""Limits that were changed while a desk ran, under a configuration that may have been changed since."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.control import LimitChanged
from opensqt.runtime.config.limit_changes import in_force
from opensqt.runtime.config.schema import RiskConfig

CONFIGURED = RiskConfig()


def _changed(field: str, after: str) -> LimitChanged:
    values = {"field": field, "before": "", "after": after}
    return msgspec.convert(
        {"scope": "desk", "reason": "r", "actor": "a", "time_ms": 1, **values}, LimitChanged
    )


@pytest.mark.row("G02", "I19")
def test_no_change_goes_beyond_what_the_executor_takes_today() -> None:
    """Somebody may have lowered the configured limit since: twice of it is the most, as the executor's own cap is."""
    lowered = msgspec.structs.replace(CONFIGURED, order_notional_quote_max=Decimal(500))
    now = in_force(lowered, [_changed("order_notional_quote_max", "2000")])
    assert now.order_notional_quote_max == 1000
    now = in_force(lowered, [_changed("order_notional_quote_max", "700")])
    assert now.order_notional_quote_max == 700


@pytest.mark.row("G02", "I19")
@pytest.mark.parametrize("after", ["-5", "many"])
def test_a_change_that_may_not_be_read_leaves_the_configured_limit(after: str) -> None:
    """A record of another version must not stop the gate."""
    assert in_force(CONFIGURED, [_changed("open_orders_max", after)]) == CONFIGURED
