"""A running desk whose venue is changed behind its back: each change is found, told with its evidence, and judged."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from opensqt.domain import ids
from opensqt.domain.instruments import Side
from tests.conditions import until
from tests.e2e import audit
from tests.e2e.by_hand import trade_by_hand
from tests.e2e.desk import Desk, Line
from tests.e2e.venue_changes import change, changed, look

PERP = "BTC/USDT:USDT"
ENOUGH = Decimal("0.03")  # of the perpetual: one step of 0.001 is then less than 5 %
DRIFT = Decimal("0.001")
CYCLES_MAX = 2
FOUND_S_MAX = 60.0
ORPHAN = ids.client_order_id(
    generation="of a backup", account="main", strategy="lost", slot="s", cycle=1, attempt=1
)
pytestmark = pytest.mark.timeout(400)


async def events(desk: Desk, kind: str, after: int = 0) -> list[Line]:
    """Return what the journal holds of a kind, beyond a position."""
    return await desk.verb("events", "--type", kind, "--after", str(after))


async def head(desk: Desk) -> int:
    """Return the newest position of the journal."""
    return int((await desk.verb("status"))[-1]["journal_position"])


async def net(desk: Desk) -> Decimal:
    """Return what the desk holds of the perpetual."""
    lines = [one for one in await desk.verb("positions") if one["symbol"] == PERP]
    return Decimal(lines[0]["quantity"]) if lines else Decimal(0)


async def resting(desk: Desk) -> list[Line]:
    """Return the grid's open orders in the perpetual, the nearest to its first price first."""
    lines = [one for one in await desk.verb("orders") if one["strategy"] == "grid-perp"]
    return [one for one in lines if one["status"] == "live"]


async def by_price(desk: Desk) -> list[Line]:
    """Return the grid's open orders, the lowest price first."""
    return sorted(await resting(desk), key=lambda one: Decimal(one["price"]))


async def end_silently(desk: Desk, how: str, *, lowest: bool) -> Line:
    """Let the venue end an order of the grid that no stream tells; one that has just ended by itself is left out."""
    over: set[str] = set()
    while True:
        open_now = [one for one in await by_price(desk) if one["client_order_id"] not in over]
        order = open_now[0 if lowest else -1]
        over.add(order["client_order_id"])
        one = {"type": how, "symbol": PERP, "client_order_id": order["client_order_id"]}
        if await changed(desk, one):
            return order


async def trades(desk: Desk) -> bool:
    """Tell whether the carry holds enough and the grid has orders at the venue."""
    return abs(await net(desk)) >= ENOUGH and len(await resting(desk)) > CYCLES_MAX


async def told(desk: Desk, kind: str, subject: str, after: int) -> bool:
    """Tell whether a disagreement was found, within two looks after a position and with the evidence of one."""
    looks = [
        one["data"]["evidence_hash"]
        for one in await events(desk, "VenueSnapshot", after)
        if one["data"]["journal_position"] >= after
    ]
    found = [
        looks.index(one["data"]["evidence_hash"])
        for one in await events(desk, "Discrepancy", after)
        if (one["data"]["kind"], one["data"]["subject"]) == (kind, subject)
        and one["data"]["evidence_hash"] in looks  # not one of what was seen before
    ]
    assert not found or found[0] < CYCLES_MAX, (kind, subject, found, len(looks))
    return bool(found)


async def stands(desk: Desk, *parts: str) -> bool:
    """Tell whether `status` names a disagreement that has these words."""
    named = (await desk.verb("status"))[-1]["discrepancies"]
    return any(all(part in name for part in parts) for name in named)


def no(holds: Callable[..., Awaitable[bool]], *args: object) -> Callable[[], Awaitable[bool]]:
    """Return the opposite of a condition."""

    async def opposite() -> bool:
        return not await holds(*args)

    return opposite


@pytest.mark.row("E11", "E12", "E13", "J15", "J19")
async def test_every_change_behind_the_back_of_a_desk_is_found(tmp_path: Path) -> None:
    """Orders, a position, balances, fees, funding: found within two looks; nothing is cancelled or invented."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        await until(partial(trades, desk), within_s=90, poll_s=1)
        begun = await head(desk)
        far = str(Decimal((await by_price(desk))[0]["price"]) - 500)
        await trade_by_hand(desk, PERP, Side.BUY, "0.002", limit=far, name="by-hand")
        await trade_by_hand(desk, PERP, Side.BUY, "0.002", limit=far, name=ORPHAN)
        gone = await end_silently(desk, "cancel_order", lowest=True)
        filled = await end_silently(desk, "fill_order", lowest=False)
        since = await head(desk)
        await change(
            desk,
            {"type": "move_position", "symbol": PERP, "quantity": str(DRIFT)},
            {"type": "move_balance", "wallet": "spot", "asset": "USDT", "amount": "5"},
            {"type": "move_balance", "wallet": "perp", "asset": "USDT", "amount": "-0.37"},
        )
        await look(desk)
        await look(desk)
        await until(partial(ended, desk, gone, "Canceled"), within_s=FOUND_S_MAX, poll_s=1)
        await until(partial(ended, desk, filled, "Fill"), within_s=FOUND_S_MAX, poll_s=1)
        for kind, subject, after in (
            ("unknown_order", "by-hand", begun),
            ("position", PERP, since),
            ("balance", "spot/USDT", since),
            ("balance", "perp/USDT", since),
        ):
            await until(partial(told, desk, kind, subject, after), within_s=FOUND_S_MAX, poll_s=1)
        await until(partial(adjusted, desk, since), within_s=FOUND_S_MAX, poll_s=1)
        await until(partial(adopted, desk), within_s=FOUND_S_MAX, poll_s=1)
        await heal_and_pay(desk)
        await halt(desk)
        await liquidate(desk)
        cancelled = {
            row["client_order_id"] for row in audit.rows(desk.data) if row["kind"] == "cancel"
        }
        assert not cancelled & {"by-hand", ORPHAN}
    judged = {one["check"]: one for one in await desk.verb("verify", check=False) if "check" in one}
    assert judged["fills_equal_position"]["holds"], judged
    booked = {one["data"]["trade_id"].partition("~")[0] for one in await events(desk, "Fill")}
    assert booked <= {row["trade_id"] for row in audit.rows(desk.data) if row["kind"] == "fill"}
    assert "by-hand" not in {
        row["client_order_id"] for row in audit.rows(desk.data) if row["kind"] == "cancel"
    }, "also not at the stop"


async def ended(desk: Desk, order: Line, kind: str) -> bool:
    """Tell whether the journal says that an order came to such an end."""
    found = await events(desk, kind, 0)
    return any(one["data"]["ref"]["client_order_id"] == order["client_order_id"] for one in found)


async def adjusted(desk: Desk, since: int) -> bool:
    """Tell whether the position was set right: by what the venue showed twice, citing it."""
    found = [one["data"] for one in await events(desk, "Adjustment", since)]
    if not found:
        return False
    (made,) = found
    assert (Decimal(made["quantity"]), made["strategy"]) == (DRIFT, "carry")
    looks = {one["data"]["evidence_hash"] for one in await events(desk, "VenueSnapshot", since)}
    assert made["evidence_hash"] in looks
    return True


async def adopted(desk: Desk) -> bool:
    """Tell whether the order with an id of our form is ours now, and nobody's."""
    found = [
        one["data"]
        for one in await events(desk, "IntentPlaced")
        if one["data"]["ref"]["client_order_id"] == ORPHAN
    ]
    return [one["ref"]["strategy"] for one in found] == [""]


async def heal_and_pay(desk: Desk) -> None:
    """Give back what was taken; then list a payment that reached no wallet, and let it come."""
    back = {"type": "move_balance", "wallet": "spot", "asset": "USDT", "amount": "-5"}
    fee = {"type": "move_balance", "wallet": "perp", "asset": "USDT", "amount": "0.37"}
    assert await stands(desk, "balance", "spot/USDT")
    await change(desk, back, fee)
    await look(desk)
    await until(no(stands, desk, "balance"), within_s=FOUND_S_MAX, poll_s=1)
    since = await head(desk)
    await change(desk, {"type": "list_funding", "symbol": PERP, "amount": "-1.5"})
    await look(desk)
    await look(desk)
    await until(partial(told, desk, "balance", "perp/USDT", since), within_s=FOUND_S_MAX, poll_s=1)
    assert [one["data"]["amount"] for one in await events(desk, "FundingPaid", since)] == ["-1.5"]
    await change(desk, {**fee, "amount": "-1.5"})
    await look(desk)
    await until(no(stands, desk, "balance"), within_s=FOUND_S_MAX, poll_s=1)


async def halt(desk: Desk) -> None:
    """Let a position differ by a tenth: the symbol only closes, and nothing is adjusted."""
    since = await head(desk)
    gap = abs(await net(desk)) / 8
    await change(desk, {"type": "move_position", "symbol": PERP, "quantity": str(gap)})
    await look(desk)
    await look(desk)

    async def halted() -> bool:
        found = [one["data"] for one in await events(desk, "Halted", since)]
        return [(x["scope"], x["mode"]) for x in found] == [(f"binance/main/{PERP}", "REDUCING")]

    await until(halted, within_s=FOUND_S_MAX, poll_s=1)
    assert await events(desk, "Adjustment", since) == []
    assert await stands(desk, "position", PERP)
    await change(desk, {"type": "move_position", "symbol": PERP, "quantity": str(-gap)})


async def liquidate(desk: Desk) -> None:
    """Let the venue take the whole position: every owner's part is booked, and the symbol only closes."""
    since = await head(desk)
    await change(desk, {"type": "force_close", "symbol": PERP, "why": "liquidated"})

    async def gone() -> bool:
        lines = await desk.verb("positions", "--by", "strategy")
        return not any(Decimal(one["quantity"]) for one in lines if one["symbol"] == PERP)

    await until(gone, within_s=FOUND_S_MAX, poll_s=1)
    assert await events(desk, "Liquidated", since)
    owners = {one["data"]["ref"]["strategy"] for one in await events(desk, "Fill", since)}
    assert "carry" in owners
