"""How long a carry pauses after what came to nothing: orders without a trade, steps without an order. Pure."""

from opensqt.strategies.tracked_intent import RetryPolicy

DOUBLINGS_MAX = 6
AT_ONCE = 4  # tries of an exit or a hedge before its pauses double
UNPAID_MAX = 4  # steps without an order that no healthy saga exceeds
TROUBLED_AFTER = 3  # vain orders in a row: from then on the carry says that it does not trade


def order_wait_ms(timing: RetryPolicy, vain: int, *, entering: bool) -> int:
    """Return the pause (market ms) after an order that traded nothing, `vain` such orders before it.

    What reduces risk is tried again soon, then ever less often, up to a quarter of an entry's longest pause.
    """
    if entering:
        return min(timing.retry_wait_ms << min(vain, DOUBLINGS_MAX), timing.retry_wait_ms_max)
    doublings = min(max(vain + 1 - AT_ONCE, 0), DOUBLINGS_MAX)
    return min(timing.emit_every_ms << doublings, timing.retry_wait_ms_max // 4)


def entry_wait_ms(timing: RetryPolicy, unwound: int) -> int:
    """Return the pause (market ms) before the next entry when so many in a row were unwound: each lost its fees."""
    return timing.retry_wait_ms_max << min(unwound - 1, DOUBLINGS_MAX)


def step_wait_ms(timing: RetryPolicy, unpaid: int) -> int:
    """Return the pause (market ms) after the last of so many steps that no order came between."""
    if unpaid < UNPAID_MAX:
        return 0
    doublings = min(unpaid - UNPAID_MAX, DOUBLINGS_MAX)
    return min(timing.retry_wait_ms << doublings, timing.retry_wait_ms_max)


def trouble(vain: int, why: str) -> str:
    """Say that order after order trades nothing, and why the last did not; or nothing."""
    return f"{vain} orders in a row traded nothing: {why}" if vain >= TROUBLED_AFTER else ""
