"""Where a kill or a halt holds, and the one reader of its text: desk, a strategy, an account or a symbol. Pure."""

from collections.abc import Collection

import msgspec

DESK = "desk"
STRATEGY = "strategy"


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """The desk where all is empty, else one strategy, or an account of a venue, or one symbol of that account.

    Its text is what travels and is stored: `desk`, `strategy/NAME`, `VENUE/ACCOUNT`, `VENUE/ACCOUNT/SYMBOL`.
    """

    strategy: str = ""
    venue: str = ""
    account: str = ""
    symbol: str = ""

    def __str__(self) -> str:
        if self.strategy:
            return f"{STRATEGY}/{self.strategy}"
        return "/".join(filter(None, (self.venue, self.account, self.symbol))) or DESK

    def covers(
        self, *, strategy: str = "", venue: str = "", account: str = "", symbol: str = ""
    ) -> bool:
        """Tell whether what a strategy does at a place falls into this scope."""
        if self.strategy:
            return self.strategy == strategy
        own, theirs = (self.venue, self.account, self.symbol), (venue, account, symbol)
        return all(mine in ("", their) for mine, their in zip(own, theirs, strict=True))


def parsed(text: str) -> Scope | None:
    """Return the scope of a text; None where it is none, and holds nowhere."""
    if text == DESK:
        return Scope()
    first, _, rest = text.partition("/")
    if first == STRATEGY:
        return Scope(strategy=rest) if rest else None
    account, _, symbol = rest.partition("/")
    return Scope(venue=first, account=account, symbol=symbol) if first and account else None


def can_be_killed(text: str) -> bool:
    """Tell whether a kill of this scope means somebody: the desk, or a strategy by its name."""
    scope = parsed(text)
    return scope is not None and not scope.venue


def kill_refused(text: str, strategies: Collection[str]) -> str:
    """Say what is wrong with a scope in which nobody can be killed, or nothing: a kill of nobody stops nobody."""
    scope = parsed(text)
    if scope is None or not can_be_killed(text):
        return f"scope {text!r}: expected desk or strategy/NAME"
    if not scope.strategy or scope.strategy in strategies:
        return ""
    names = ", ".join(sorted(strategies))
    return f"strategy {scope.strategy!r} is neither configured nor the owner of an order (known: {names})"
