"""How alerts are held, repeated and delivered: times are wall times; tests shorten them."""

import msgspec

DOUBLINGS_MAX = 30


class AlertTerms(msgspec.Struct, frozen=True, kw_only=True):
    """None of them is a trader's choice; how many messages a minute a channel gets at most is in its table."""

    look_every_s: float = 0.5
    gone_s: float = 15.0  # what is away for so long is over
    quiet_ms: int = 300_000  # what is over and comes again is not told again sooner
    repeat_ms: int = 14_400_000  # what goes on is told again
    attempt_s_max: float = 10.0  # for one answer
    retry_s: float = 1.0  # before the second attempt at most, doubled before each one after it
    retry_s_max: float = 60.0
    asked_s_max: float = 300.0  # of a pause that the other end asks for
    attempts_max: int = 8  # after so many the failure is recorded, and tried on
    failed_s: float = 300.0  # between attempts where nothing but another configuration helps
    lease_ms: int = 10_000


def pause_s(terms: AlertTerms, attempts: int, asked_s: float, jitter: float) -> float:
    """Return the wall seconds before the next attempt, at least what was asked for; `jitter` is 0 to 1.

    The pause doubles with each attempt, and between half and all of it is waited.
    """
    grown = min(terms.retry_s * 2.0 ** min(attempts - 1, DOUBLINGS_MAX), terms.retry_s_max)
    return max(grown * (0.5 + jitter / 2), min(asked_s, terms.asked_s_max))
