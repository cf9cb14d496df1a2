"""What market_data knows of one symbol: the latest of each conflated kind, and how healthy its channels are. Pure."""

import msgspec

from opensqt.domain.market import BookTop, Candle, FeedState, Funding, Tick

# Feed channels whose health decides whether ticks can be trusted; the others only touch marks.
TICK = "tick"
MARK = "mark"
MARK_CHANNELS = frozenset({"market"})


class Conflated(msgspec.Struct, frozen=True, kw_only=True):
    """The latest of one kind; `waits` until its pace allows it. Wall times."""

    message: Tick | BookTop | Candle | Funding
    sent_ms: int | None
    waits: bool


class Unhealthy(msgspec.Struct, frozen=True, kw_only=True):
    """Why a channel cannot be trusted."""

    state: FeedState
    detail: str


class PublishPace(msgspec.Struct, frozen=True, kw_only=True):
    """The least wall time between two messages of a kind, and the greatest age of a book."""

    tick_ms: int = 50
    book_ms: int = 250
    candle_ms: int = 1000
    funding_ms: int = 5000
    tick_age_ms_max: int = 3000

    def of(self, message: Tick | BookTop | Candle | Funding) -> int:
        """Return the least wall ms between two messages of this kind."""
        match message:
            case Tick():
                return self.tick_ms
            case BookTop():
                return self.book_ms
            case Candle():
                return self.candle_ms
            case Funding():
                return self.funding_ms


class SymbolState(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol. `heard_ms` is the wall time of its last book frame."""

    venue: str
    symbol: str
    heard_ms: int | None = None
    is_stale: bool = False
    paced: dict[str, Conflated] = {}
    ill: dict[str, Unhealthy] = {}
    said: dict[str, FeedState] = {}
    said_ms: dict[str, int] = {}  # when, wall

    @property
    def has_tick(self) -> bool:
        """Tell whether a tick has been published."""
        tick = self.paced.get(TICK)
        return tick is not None and tick.sent_ms is not None

    @property
    def health(self) -> Unhealthy:
        """The worst of what touches ticks; LIVE with an empty detail when all is well."""
        return self.worst(of_marks=False)

    def worst(self, *, of_marks: bool) -> Unhealthy:
        """Return the worst state of the channels of ticks, or of marks."""
        chosen = [ill for name, ill in self.ill.items() if (name in MARK_CHANNELS) is of_marks]
        for state in (FeedState.DOWN, FeedState.GAP):
            for ill in chosen:
                if ill.state is state:
                    return ill
        if self.is_stale and not of_marks:
            return Unhealthy(state=FeedState.STALE, detail="no book frame")
        return Unhealthy(state=FeedState.LIVE, detail="")
