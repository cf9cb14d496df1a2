"""The judge of the crash matrix, on a small cell that is sound and on each defect that can be planted into it."""

from decimal import Decimal

import msgspec
import pytest

from opensqt.domain.instruments import Side
from opensqt.domain.intent import (
    Basis,
    OrderType,
    PlaceIntent,
    Purpose,
    TimeInForce,
)
from opensqt.domain.messages import Event
from opensqt.domain.order_events import Fill, Submitting
from tests.crash.defects import DEFECTS, Scene
from tests.e2e.audit import Row
from tests.simulation.strategy_facts import PERP, Evidence, approval_of, placed_of

QUANTITY = Decimal("0.004")
TRADED = 4  # the first so many orders


def _intent(number: int, side: Side, price: str, purpose: Purpose = Purpose.OPEN) -> PlaceIntent:
    return PlaceIntent(
        intent_id=f"i{number}",
        strategy="matrix",
        slot="m",
        cycle=number,
        venue="binance",
        account="main",
        symbol=PERP,
        side=side,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        price=Decimal(price),
        quantity=QUANTITY,
        purpose=purpose,
        created_ms=1,
        valid_until_ms=2000,
        basis=Basis(generation=1, sequence=1),
        reason="",
    )


def _row(kind: str, placed_name: str, side: Side, price: Decimal) -> Row:
    return {
        "kind": kind,
        "account": "main",
        "market": "perp",
        "symbol": "BTCUSDT",
        "client_order_id": placed_name,
        "venue_order_id": f"v{placed_name}",
        "side": side.value,
        "quantity": str(QUANTITY),
        "price": str(price),
        "result": "accepted",
    }


def _scene() -> Scene:
    """Bought and left, sold short and bought back, one order resting, one cancelled: as journal and venue tell it."""
    places = [
        _intent(1, Side.BUY, "60001"),
        _intent(2, Side.SELL, "59999", Purpose.CLOSE),
        _intent(3, Side.SELL, "59999"),
        _intent(4, Side.BUY, "60001", Purpose.CLOSE),
        _intent(5, Side.BUY, "59900"),
        _intent(6, Side.BUY, "59900"),
    ]
    evidence, rows = Evidence(), []
    messages: list[Event] = []
    for intent in places:
        placed = placed_of(intent, 1)
        name = placed.ref.client_order_id
        evidence.fold(placed)
        sent = Submitting(ref=placed.ref, epoch=1, deadline_ms=2000, time_ms=1)
        messages += [approval_of(intent, 1), placed, sent, evidence.accepted(name)]
        rows.append(_row("place", name, intent.side, intent.price))
        if intent.cycle <= TRADED:
            fill = evidence.fill_of(name)
            messages.append(fill)
            traded = {"trade_id": fill.trade_id, "fee": str(fill.fee), "fee_asset": fill.fee_asset}
            rows.append(_row("fill", name, intent.side, intent.price) | traded)
        if intent.cycle == len(places):
            messages.append(evidence.canceled(name))
            rows.append(_row("cancel", name, intent.side, intent.price))
    return Scene(messages=messages, rows=rows, places=places)


@pytest.mark.row("K14")
def test_a_cell_that_is_sound_differs_in_nothing() -> None:
    """Also where a trade names its order by the venue's id alone."""
    scene = _scene()
    assert scene.found() == []
    nobody = {"client_order_id": "", "strategy": "", "intent_id": ""}
    for number, message in enumerate(scene.messages):
        if isinstance(message, Fill):
            ref = msgspec.structs.replace(message.ref, **nobody)
            scene.messages[number] = msgspec.structs.replace(message, ref=ref)
    assert scene.found() == []


@pytest.mark.row("K14")
@pytest.mark.parametrize("defect", DEFECTS)
def test_every_defect_of_a_cell_is_named(defect: str) -> None:
    """Each field of a trade and of an order; what is missing, doubled, denied or in doubt; an exit that opened."""
    plant, words = DEFECTS[defect]
    scene = _scene()
    plant(scene)
    assert any(words in text for text in scene.found()), scene.found()
