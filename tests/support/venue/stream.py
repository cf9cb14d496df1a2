"""A private stream whose connection can be lost: what happens while it is down is told to nobody."""

from opensqt.domain.venue import PrivateEvent, StreamDown, StreamUp
from opensqt.simulation.private_stream import PrivateStream


class BreakableStream(PrivateStream):
    """`break_off` and `restore` play a lost connection."""

    connected = True

    def push(self, event: PrivateEvent) -> None:
        """Send one event to all listeners; nobody hears it while the stream is down."""
        if self.connected:
            super().push(event)

    def break_off(self, cause: str) -> None:
        """Lose the connection; events are lost until `restore`."""
        if self.connected:
            self.push(StreamDown(cause=cause, time_ms=self.exchange.clock.market_ms()))
        self.connected = False

    def restore(self) -> None:
        """Connect again."""
        if not self.connected:
            self.connected = True
            self.push(StreamUp(time_ms=self.exchange.clock.market_ms()))
