"""What anybody may write on a bus and nobody may act on, and whether each piece of it became one dead letter."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import Basis, CancelIntent
from opensqt.domain.market import Tick
from opensqt.domain.messages import Message, name_of
from opensqt.domain.order_events import Fill, Liquidity, OrderRef
from opensqt.runtime.bus.port import BusDown, Stream
from opensqt.runtime.codec import encode
from opensqt.runtime.envelope import MESSAGE_ID, Envelope
from tests.support.fakes.bus_broker import MemoryBroker
from tests.world.forged import STREAM, SUBJECT, forged
from tests.world.instruments import LOADED

FORGED_ONE_IN = 5  # pieces
PIECES = 4  # at least; a fault has up to three times as many
FAR = 10**9  # a journal position that no World reaches
FAR_MS = 10**14  # a time that nobody's clock shows
RAW = (b"", b"\x00", b"\xff\xfe\x17", b"\x0a\xff" * 400, b"\x0a\x03abc", "ключ".encode())
SUBJECTS = (
    ("md.binance.BTC-USDT-USDT.tick", Stream.FEED),
    ("evt.order.binance.main.BTC-USDT-USDT", Stream.FEED),
    ("evt.time", Stream.FEED),
    ("evt.nobody.knows", Stream.FEED),
    ("ctl.kill", Stream.FEED),
    ("ctl.latch", Stream.FEED),
    ("ctl.feed", Stream.FEED),
    ("ctl.alive.risk", Stream.FEED),
    ("intent.load.binance.main.BTC-USDT-USDT", Stream.INTENTS),
    ("cmd.open.binance.main.BTC-USDT-USDT", Stream.COMMANDS),
    ("cmd.exit.binance.main.BTC-USDT-USDT", Stream.EXITS),
)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """One message that was written, and where it stands."""

    stream: Stream
    created_ms: int  # of the stream
    sequence: int
    subject: str
    data: bytes
    wall_ms: int


class Noise:
    """Writes, and remembers what it wrote."""

    def __init__(
        self, broker: MemoryBroker, draw: random.Random, risk_epoch: Callable[[], int]
    ) -> None:
        self._broker = broker
        self._risk_epoch = risk_epoch
        self._draw = draw
        self._written: list[Piece] = []

    def write(self, count: int) -> None:
        """Write some pieces, each on a subject of its own; what the bus does not take was never said."""
        for _ in range(count * PIECES):
            if self._draw.randrange(FORGED_ONE_IN) == 0:
                subject, stream = SUBJECT, STREAM
                data, headers = self._forged()
            else:
                subject, stream = self._draw.choice(SUBJECTS)
                data, headers = self._piece()
            headers |= {MESSAGE_ID: f"noise {len(self._written)}"}
            try:
                sequence = self._broker.publish(subject, headers, data).sequence
            except BusDown:
                continue
            self._written.append(
                Piece(
                    stream=stream,
                    created_ms=self._broker.stream(stream).created_ms,
                    sequence=sequence,
                    subject=subject,
                    data=data,
                    wall_ms=self._broker.clock.wall_ms(),
                )
            )

    def _forged(self) -> tuple[bytes, dict[str, str]]:
        """Return a command that lacks nothing but the proof of risk."""
        number, now_ms = len(self._written), self._broker.clock.market_ms()
        command = forged(self._draw, number, now_ms, self._risk_epoch())
        envelope = Envelope(
            event_id=f"forged {number}",
            type=name_of(command),
            source="risk",
            time_ms=now_ms,
            correlation_id=command.approval.intent_id,
        )
        return encode(command), envelope.headers()

    def _piece(self) -> tuple[bytes, dict[str, str]]:
        """Draw bytes and the head that goes with them: bytes of nothing, or a sound message that means nothing."""
        drawn = self._draw.randrange(4)
        if drawn == 0:
            return self._draw.choice(RAW) + str(len(self._written)).encode(), {}
        message = self._draw.choice((_absurd_tick, _forged_fill, _endless_cancel))(
            len(self._written)
        )
        envelope = Envelope(
            event_id=f"forged {len(self._written)}",
            type=name_of(message),
            source="nobody",
            time_ms=FAR_MS,
            position=FAR if drawn == 1 else 0,
            prev=FAR - 1 if drawn == 1 else 0,
        )
        headers = envelope.headers()
        if drawn == 2:  # a number that is none
            headers["ce-position"] = "-1"
        return encode(message), headers

    def unburied(self) -> Iterator[tuple[str, str]]:
        """Return what still stands in a stream whose readers ought to have set it aside, and what has two letters."""
        letters = self._letters()
        for piece in self._written:
            buried = letters[piece.stream.value, piece.sequence, piece.data]
            if buried > 1:
                yield "one message, one dead letter", f"{buried} of {piece.subject}"
            elif not buried and self._stands(piece):
                yield "noise is set aside", f"{piece.subject} {piece.sequence} has no dead letter"

    def _letters(self) -> Counter[tuple[str, int, bytes]]:
        return Counter(
            (letter.headers["Dlq-Stream"], int(letter.headers["Dlq-Sequence"]), letter.data)
            for letter in self._broker.stream(Stream.DLQ).beyond(0, [])
        )

    def _stands(self, piece: Piece) -> bool:
        """Tell whether the bus still holds a piece that somebody must have read by now."""
        if piece.stream is Stream.INTENTS:
            return False  # it lives for seconds: who was away then never hears of it
        if self._broker.stream(Stream.DLQ).created_ms > piece.wall_ms:
            return False  # its letter may be lost with all others
        stream = self._broker.stream(piece.stream)
        if any(piece.sequence in durable.deadline_ms for durable in stream.durables.values()):
            return (
                False  # its letter did not arrive: it is handed out again later than a World waits
            )
        stored = stream.find(piece.sequence)
        is_same = stored is not None and stored.data == piece.data
        return is_same and stream.created_ms == piece.created_ms


def _absurd_tick(number: int) -> Message:
    return Tick(
        venue="binance",
        symbol=LOADED,
        bid_price=Decimal(-number - 1),
        bid_quantity=Decimal(1),
        ask_price=Decimal(0),
        ask_quantity=Decimal(1),
        time_ms=FAR_MS,
        book_sequence=number,
    )


def _forged_fill(number: int) -> Message:
    ref = OrderRef(
        client_order_id=f"forged{number}",
        intent_id=f"place-{number}",
        attempt=1,
        strategy="load",
        venue="binance",
        account="main",
        symbol=LOADED,
    )
    return Fill(
        ref=ref,
        trade_id=f"forged {number}",
        venue_order_id="1",
        side=Side.BUY,
        price=Decimal(1),
        quantity=Decimal(1000),
        fee=Decimal(0),
        fee_asset="USDT",
        liquidity=Liquidity.TAKER,
        realized_pnl=Decimal(0),
        evidence_hash="",
        time_ms=1,
    )


def _endless_cancel(number: int) -> Message:
    return CancelIntent(
        intent_id=f"endless-{number}",
        strategy="load",
        venue="binance",
        account="main",
        symbol=LOADED,
        target_intent_id=f"place-{number + 1}",
        created_ms=1,
        valid_until_ms=10**17,
        basis=Basis(generation=1, sequence=1),
        reason="noise",
    )
