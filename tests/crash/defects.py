"""What may be wrong after a cell, planted into what journal and venue say: the judge must name each of these.

A plant changes a sound scene that has at least a perpetual that was bought and left, one that was sold short and bought
back, an order that rests and one that was cancelled.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from opensqt.domain.instruments import Side
from opensqt.domain.intent import PlaceIntent, Purpose
from opensqt.domain.messages import Event
from opensqt.domain.order_events import (
    Accepted,
    Canceled,
    Fill,
    IntentPlaced,
    NeverPlaced,
    Submitting,
)
from opensqt.domain.verdict import RiskApproved, RiskRefused
from tests.crash import judge
from tests.crash.record import Record
from tests.e2e.audit import Row

Plant = Callable[["Scene"], None]


class Scene(msgspec.Struct, kw_only=True):
    """What is left of a cell: the journal's messages, the venue's audit, and what was wished for."""

    messages: list[Event]
    rows: list[Row]
    places: list[PlaceIntent]

    def copied(self) -> "Scene":
        """Return another scene of the same, to plant into."""
        return Scene(
            messages=list(self.messages), rows=[dict(r) for r in self.rows], places=self.places
        )

    def found(self) -> list[str]:
        """Return what the judge says."""
        record = Record()
        for message in self.messages:
            record.see(message)
        found = [judge.differs(record, self.rows), *judge.broken(record, self.rows, self.places)]
        return [text for text in found if text]

    def of(self, name: str) -> list[int]:
        """Return which messages speak of an order, the last one first."""
        numbers = range(len(self.messages) - 1, -1, -1)
        return [n for n in numbers if _order_of(self.messages[n]) == name]


def _order_of(message: Event) -> str:
    ref = getattr(message, "ref", None)
    return str(ref.client_order_id) if ref is not None else ""


def _traded(scene: Scene, side: Side, purpose: Purpose = Purpose.CLOSE) -> tuple[int, Fill]:
    """Return a trade of a perpetual order of this side and purpose, and which message it is."""
    perps = (one for one in scene.places if ":" in one.symbol)
    meant = {one.intent_id for one in perps if (one.side, one.purpose) == (side, purpose)}
    for number, message in enumerate(scene.messages):
        if isinstance(message, Fill) and message.ref.intent_id in meant:
            return number, message
    raise LookupError(f"no {side} of a perpetual traded to {purpose}")


def _resting(scene: Scene) -> str:
    """Return the order that was taken and has nothing else to its name."""
    for message in scene.messages:
        if isinstance(message, IntentPlaced):
            name = message.ref.client_order_id
            kinds = {type(scene.messages[n]) for n in scene.of(name)}
            if kinds == {IntentPlaced, Submitting, Accepted}:
                return name
    raise LookupError("no order rests")


def _cancelled(scene: Scene) -> str:
    """Return an order that was cancelled."""
    ends = (message for message in scene.messages if isinstance(message, Canceled))
    return next(ends).ref.client_order_id


def _trade(side: Side, purpose: Purpose = Purpose.CLOSE, /, **changes: Any) -> Plant:
    def plant(scene: Scene) -> None:
        number, fill = _traded(scene, side, purpose)
        scene.messages[number] = msgspec.structs.replace(fill, **changes)

    return plant


def _trade_of(side: Side, **changes: Any) -> Plant:
    def plant(scene: Scene) -> None:
        number, fill = _traded(scene, side)
        ref = msgspec.structs.replace(fill.ref, **changes)
        scene.messages[number] = msgspec.structs.replace(fill, ref=ref)

    return plant


def _order_as_planned(**changes: Any) -> Plant:
    """Change the order in all that the journal says of it."""

    def plant(scene: Scene) -> None:
        for number in scene.of(_resting(scene)):
            message: Any = scene.messages[number]
            ref = msgspec.structs.replace(message.ref, **changes)
            scene.messages[number] = msgspec.structs.replace(message, ref=ref)

    return plant


def _order_as_taken(**changes: str) -> Plant:
    """Change the order in all that the venue says of it."""

    def plant(scene: Scene) -> None:
        name = _resting(scene)
        for row in scene.rows:
            if row["client_order_id"] == name:
                row.update(changes)

    return plant


def _lose_trade(side: Side, purpose: Purpose = Purpose.CLOSE) -> Plant:
    def plant(scene: Scene) -> None:
        number, _ = _traded(scene, side, purpose)
        del scene.messages[number]

    return plant


def _book_twice(side: Side) -> Plant:
    def plant(scene: Scene) -> None:
        number, fill = _traded(scene, side)
        scene.messages.insert(number, fill)

    return plant


def _lose_order_in_journal(scene: Scene) -> None:
    for number in scene.of(_resting(scene)):
        del scene.messages[number]


def _lose_order_at_venue(scene: Scene) -> None:
    name = _resting(scene)
    scene.rows[:] = [row for row in scene.rows if row["client_order_id"] != name]


def _take_twice(scene: Scene) -> None:
    scene.rows.append(dict(_place_row(scene, _resting(scene))))


def _send_twice(scene: Scene) -> None:
    """Let one intent have a second order, under another id."""
    name = _resting(scene)
    scene.rows.append(_place_row(scene, name) | {"client_order_id": "second"})
    for number in reversed(scene.of(name)):
        message: Any = scene.messages[number]
        ref = msgspec.structs.replace(message.ref, client_order_id="second", attempt=2)
        scene.messages.append(msgspec.structs.replace(message, ref=ref))


def _deny(scene: Scene) -> None:
    placed: Any = scene.messages[scene.of(_resting(scene))[0]]
    scene.messages.append(NeverPlaced(ref=placed.ref, proof="", evidence_hash="", time_ms=1))


def _doubt(scene: Scene) -> None:
    for number in scene.of(_resting(scene)):
        if isinstance(scene.messages[number], Accepted):
            del scene.messages[number]


def _leave_open(scene: Scene) -> None:
    name = _cancelled(scene)
    scene.rows[:] = [
        row for row in scene.rows if (row["kind"], row["client_order_id"]) != ("cancel", name)
    ]


def _refuse(scene: Scene) -> None:
    """Let risk have refused what was sent."""
    intent_id = _traded(scene, Side.SELL)[1].ref.intent_id
    for number, message in enumerate(scene.messages):
        if isinstance(message, RiskApproved) and message.intent_id == intent_id:
            scene.messages[number] = RiskRefused(
                intent_id=intent_id,
                reason="tick_stale",
                detail="",
                risk_epoch=1,
                basis=message.basis,
                config_version="",
                time_ms=1,
            )


def _open_by_exit(side: Side) -> Plant:
    """Let an exit trade more than was held or sold short, as journal and venue both say."""

    def plant(scene: Scene) -> None:
        number, fill = _traded(scene, side)
        more = {"trade_id": "more", "quantity": fill.quantity * 100}
        scene.messages.insert(number + 1, msgspec.structs.replace(fill, **more))
        row = next(
            row
            for row in scene.rows
            if row["kind"] == "fill"
            and row["trade_id"] == fill.trade_id
            and row["client_order_id"] == fill.ref.client_order_id
        )
        scene.rows.append(row | {"trade_id": "more", "quantity": str(more["quantity"])})

    return plant


def _place_row(scene: Scene, name: str) -> Row:
    places = (row for row in scene.rows if row["kind"] == "place")
    return next(row for row in places if row["client_order_id"] == name)


def _of_exits(position: str, side: Side) -> dict[str, tuple[Plant, str]]:
    """Return what may be wrong with the trades that left a position; a lost one leaves too much, or too little."""
    error = "-" if side is Side.BUY else ""
    found = {
        "a fee was booked otherwise": (_trade(side, fee=1), ": fee "),
        "a fee was booked in another asset": (_trade(side, fee_asset="BNB"), ": fee_asset "),
        "a price was booked otherwise": (_trade(side, price=1), ": price "),
        "a quantity was booked otherwise": (_trade(side, quantity=1), ": quantity "),
        "a side was booked otherwise": (_trade(side, side=side.opposite), ": side "),
        "a trade was booked to another symbol": (
            _trade_of(side, symbol="BTC/USDT"),
            "BTC/USDT:USDT is in no journal",
        ),
        "a trade was booked to another strategy": (_trade_of(side, strategy="another"), ": owner "),
        "a trade was booked to another account": (_trade_of(side, account="another"), ": account "),
        "a trade was booked to another order": (
            _trade_of(side, client_order_id="another"),
            ": order ",
        ),
        "a trade was lost": (_lose_trade(side), f"is in no journal; position error {error}0"),
        "a trade was booked twice": (_book_twice(side), "is booked 2 times"),
        "an exit opened": (_open_by_exit(side), "opened: "),
    }
    return {f"{position}: {name}": defect for name, defect in found.items()}


# What is planted, and a part of what the judge says.
DEFECTS: dict[str, tuple[Plant, str]] = {
    **_of_exits("long", Side.SELL),
    **_of_exits("short", Side.BUY),
    "a short sale was lost": (
        _lose_trade(Side.SELL, Purpose.OPEN),
        "is in no journal; position error 0",
    ),
    "a short sale was booked as a purchase": (
        _trade(Side.SELL, Purpose.OPEN, side=Side.BUY),
        ": side sell, booked buy",
    ),
    "a short sale was booked otherwise": (
        _trade(Side.SELL, Purpose.OPEN, quantity=1),
        ": quantity ",
    ),
    "an order was planned for another strategy": (
        _order_as_planned(strategy="another"),
        "not as wished: owner another",
    ),
    "an order was planned for another symbol": (
        _order_as_planned(symbol="BTC/USDC"),
        "not as wished: planned for BTC/USDC",
    ),
    "an order was taken in another symbol": (
        _order_as_taken(market="spot"),
        "not as wished: symbol BTC/USDT",
    ),
    "an order was taken of another account": (
        _order_as_taken(account="another"),
        "not as wished: account another",
    ),
    "an order was taken at another price": (_order_as_taken(price="1"), "not as wished: price 1"),
    "an order was taken on the other side": (
        _order_as_taken(side="sell"),
        "not as wished: side sell",
    ),
    "an order is missing in the journal": (_lose_order_in_journal, "is in no journal"),
    "an order is missing at the venue": (_lose_order_at_venue, "has no venue order and no end"),
    "an order was taken twice": (_take_twice, "was accepted 2 times"),
    "an intent has two orders": (_send_twice, "has 2 venue orders"),
    "an order that is there was denied": (_deny, "is at the venue, said"),
    "an order stayed in doubt": (_doubt, "unresolved"),
    "an order was left open": (_leave_open, "orphans"),
    "what risk refused was sent": (_refuse, "(tick_stale) has a venue order"),
}
