"""What each slot learned from orders that came to nothing: when it may try again, and how far from the price. Pure."""

import msgspec

from opensqt.strategies import tracked_intent as one
from opensqt.strategies.tracked_intent import RetryPolicy, TrackedIntent

DOUBLINGS_MAX = 6
TICKS_AWAY_MAX = 5


class SlotRetry(msgspec.Struct, frozen=True, kw_only=True):
    """How the last tries of one slot went."""

    failures: int = 0  # in a row
    vain_why: str = ""  # of the last try, while none since has reached the venue
    ticks_away: int = 0  # how often in a row an order of it would have taken
    retry_ms: int = 0  # market time before which it is left alone


UNTRIED = SlotRetry()


def rested(retry: SlotRetry) -> SlotRetry:
    """Note that an order of the slot works at the venue."""
    if not retry.failures and not retry.ticks_away and not retry.vain_why:
        return retry
    return msgspec.structs.replace(retry, failures=0, ticks_away=0, vain_why="")


def learned(retry: SlotRetry, ticket: TrackedIntent, now_ms: int, timing: RetryPolicy) -> SlotRetry:
    """Note how an intent ended, so that what failed is not tried again at once."""
    if one.was_maker_refusal(ticket):
        return msgspec.structs.replace(
            retry,
            ticks_away=min(retry.ticks_away + 1, TICKS_AWAY_MAX),
            vain_why=one.vain_words(ticket),
            retry_ms=now_ms + timing.retry_wait_ms,
        )
    if not one.was_in_vain(ticket):
        return rested(retry)
    wait_ms = timing.retry_wait_ms << min(retry.failures, DOUBLINGS_MAX)
    return msgspec.structs.replace(
        retry,
        failures=retry.failures + 1,
        vain_why=one.vain_words(ticket),
        retry_ms=now_ms + min(wait_ms, timing.retry_wait_ms_max),
    )
