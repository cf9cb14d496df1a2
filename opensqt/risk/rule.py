"""What a rule of the gate is, and the figures that several rules ask for. Pure."""

import msgspec

from opensqt.risk.limits import Predicate

QUOTE = ("grounds.quote.bid", "grounds.quote.ask")
WORTH = (
    "grounds.worth.rate",
    "grounds.worth.rate_ms",
    "moment.now_ms",
    "grounds.limits.tick_age_ms_max",
    "grounds.limits.rate_stated",
)


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to refuse: `broken` returns what was seen and allowed, in words, or an empty text.

    `code` is recorded and counted. `scope` is what is bounded. `inputs` are the figures of the verdict that it asks
    for, `limit` the one that bounds them, empty where nothing but the fact decides. `exits` tells whether orders that
    reduce obey it, too; `words` is what it means to a person.
    """

    code: str
    scope: str
    words: str
    broken: Predicate
    inputs: tuple[str, ...] = ()
    limit: str = ""
    exits: bool = False
