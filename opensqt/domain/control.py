"""The desk's own switches and marks."""

import msgspec

from opensqt.domain.account import AssetAmount
from opensqt.domain.intent import CancelIntent, PlaceIntent

CONTROL_STREAM = "control"  # of the journal; switches and generations stand in it
MANUAL_OWNER = "manual"  # who owns the orders that people place; no strategy has this name


class DeskGeneration(msgspec.Struct, frozen=True, kw_only=True):
    """A random generation drawn at init and at every restore; part of every client order id."""

    generation: str
    reason: str
    time_ms: int


class FeedGeneration(msgspec.Struct, frozen=True, kw_only=True):
    """FEED begins anew at a journal position; consumers bootstrap again."""

    generation: int
    position: int
    reason: str
    time_ms: int


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True):
    """The relay's sign of life with the head of the journal."""

    generation: int
    head_position: int
    time_ms: int


class KillLatched(msgspec.Struct, frozen=True, kw_only=True):
    """No opening leaves any more, until a release names this very kill."""

    scope: str  # desk or strategy/<name>
    reason: str
    actor: str
    time_ms: int
    kill_id: str = ""  # empty: said by a version that told kills apart by time
    account: str = ""  # whose executor obeyed and recorded it; empty: as it was said
    epoch: int = (
        0  # of the lease under which it obeyed; 0: it stood by, and does not speak for its leader
    )


class KillReleased(msgspec.Struct, frozen=True, kw_only=True):
    """A person released the kills that are named here, and no other."""

    scope: str
    reason: str
    actor: str
    time_ms: int
    kill_ids: tuple[
        str, ...
    ] = ()  # empty: nothing was in force, or a version that told kills apart by time
    account: str = ""  # at which account they are over; empty: at every one (an older version)


class LimitChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A limit was changed by a person while the desk ran."""

    field: str
    before: str
    after: str  # empty: what is configured counts again
    reason: str
    actor: str
    time_ms: int


class StrategyRegistered(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy belongs to the desk from here on, or goes on with other settings, as a person asked while it ran."""

    strategy: str
    settings: str  # JSON of its table, as a configuration would say it
    reason: str
    actor: str
    time_ms: int


class StrategyRetiring(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy is to leave the desk: it opens nothing any more and closes what it holds."""

    strategy: str
    reason: str
    actor: str
    time_ms: int


class StrategyDeregistered(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy has left the desk: up to this journal position it had nothing open and held at most dust."""

    strategy: str
    journal_position: int
    dust: tuple[AssetAmount, ...] = ()  # base units by symbol that no order can sell
    reason: str
    actor: str
    time_ms: int


class CallAudited(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the API that may change something was made: by whom, what, and what was before and after.

    `request`, `before`, `after` and `reply` are JSON.
    """

    call: str  # SERVICE.CALL
    actor: str
    request: str
    before: str
    after: str
    outcome: str  # ok, or the code of the refusal
    reply: str
    once: str = (
        ""  # under which a repetition is answered and not done again; empty: it was not said
    )
    time_ms: int


class AlertDelivery(msgspec.Struct, frozen=True, kw_only=True):
    """One message with alerts was taken by a channel, or could not be delivered to it."""

    channel: str  # a name of [alerts]
    outcome: str  # delivered or failed
    raised: tuple[str, ...] = ()  # keys of what began: KIND SUBJECT
    over: tuple[str, ...] = ()  # keys of what had been said and has ended
    happened: tuple[str, ...] = ()  # keys of what was so at one moment only, and never ends
    text: str  # what people read
    attempts: int
    detail: str  # why it failed
    time_ms: int


class OrderedByHand(msgspec.Struct, frozen=True, kw_only=True):
    """A person wishes an order, or to cancel one; risk judges it. Exactly one of place and cancel is set."""

    place: PlaceIntent | None = None
    cancel: CancelIntent | None = None
    request: str  # JSON of what was asked, to tell a repetition from another wish under the same once-key
    actor: str
    time_ms: int

    @property
    def intent(self) -> PlaceIntent | CancelIntent:
        """The wish; raise `ValueError` for a record that holds none."""
        wish = self.place or self.cancel
        if wish is None:
            raise ValueError(f"an order by hand of {self.actor} holds no wish")
        return wish


def hand_stream(intent_id: str) -> str:
    """Return the stream of the journal in which the wish of a person stands."""
    return f"hand/{intent_id}"


# The strategies of a desk as people change them while it runs, in the sequence of one strategy's life.
StrategyChange = StrategyRegistered | StrategyRetiring | StrategyDeregistered
ControlEvent = (
    (DeskGeneration | KillLatched | KillReleased | LimitChanged | StrategyChange)
    | CallAudited
    | AlertDelivery
    | OrderedByHand
)
