"""Every verdict can be judged again from its record alone: a played run of the gate, and each input that decides."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from opensqt.domain.control import KillLatched, KillReleased
from opensqt.domain.grounds import Exposure, StrategyLimits
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import Basis, OrderType, Purpose
from opensqt.domain.recon_events import Halted, Resumed
from opensqt.domain.verdict import RiskApproved, RiskRefused, Verdict
from opensqt.risk.state import RiskState
from opensqt.risk.verdict import RecordIncomplete, blocked, judge, judged_again
from opensqt.runtime.codec import decode, encode
from tests.component.test_risk_service import House
from tests.unit.risk.risk_books import (
    LIMITS,
    NOW_MS,
    SEAT,
    SYMBOL,
    at,
    cancel,
    fill,
    intent,
    live,
    money,
    rules,
    state,
    tick,
)
from tests.unit.runtime.test_codec_older import older

SOUND = ("0.010", "0.020", "0.030", "0.041", "0.001")
QUANTITIES = (*SOUND * 3, "0.0105", "0.0001", "2000")
UNSAID = {Decimal: Decimal(0), int: 0, str: "", bool: False, Market: Market.SPOT}
# What a filter set says beside the filters; the intent names venue and symbol itself.
_APART = "venue symbol venue_symbol base quote contract_size maker_fee taker_fee time_ms"
UNJUDGED = {f"grounds.rules.{name}" for name in _APART.split()}
SPOT_ONLY = {"grounds.limits.collateral_share"}
STRATEGIES = ("grid-perp", "carry", "grid-two")


RULES = msgspec.structs.replace(
    rules(), price_min=Decimal(40_000), price_max=Decimal(60_000), orders_max=5
)


def _events(draw: random.Random, number: int) -> Iterator[Any]:
    """Yield what happens before the next intent: the market, orders, fills, switches."""
    if draw.random() < 0.6:
        age_ms = draw.choice((0, 0, 0, 4000))
        yield tick(NOW_MS + number - age_ms)
    if draw.random() < 0.3:
        price = {"symbol": "USDT/EUR", "ask_price": Decimal("0.92"), "bid_price": Decimal("0.91")}
        when = NOW_MS + number - draw.choice((0, 4000))
        yield msgspec.structs.replace(tick(when), **price)
    side = draw.choice(list(Side))
    if draw.random() < 0.5:
        # An order of nobody we know has trades of ours that no strategy made.
        owner = draw.choice((*STRATEGIES, *STRATEGIES, ""))
        size = draw.choice(("0.010", "0.020", "0.040"))
        yield fill(f"f{number}", side, size, owner)
    if draw.random() < 0.15:
        # Elsewhere on the desk: the same asset, another one, and now and then what nobody can value.
        elsewhere = draw.choice(("BTC/USDT", "BTC/USDT", "ETH/USDT", "ETH/USDT", "ETH/BTC"))
        yield at(fill(f"e{number}", side, "0.020", draw.choice(STRATEGIES)), elsewhere, "second")
    if draw.random() < 0.4:
        away = draw.choice((-30, 30, 60))
        order = live(f"o{number}", side, str(Decimal(50_000) - side.sign * away))
        yield msgspec.structs.replace(order, purpose=draw.choice(list(Purpose)))
    what, now = draw.random(), NOW_MS + number
    if what < 0.1:
        yield Halted(
            scope="desk", mode=draw.choice(("REDUCING", "HALTED")), reason="drift", time_ms=now
        )
    elif what < 0.3:
        yield Resumed(scope="desk", actor="alice", reason="fine", time_ms=now)
    elif what < 0.35:
        yield KillLatched(scope="desk", reason="enough", actor="alice", time_ms=now)
    elif what < 0.6:
        yield KillReleased(scope="desk", reason="fine", actor="alice", time_ms=now)


def _wish(draw: random.Random, number: int) -> dict[str, Any]:
    side = draw.choice(list(Side))
    market = {"type": OrderType.MARKET, "price": Decimal(0)}
    away = draw.choice((10, 30, 50, 50, 50, 50, 50, 400, 900, 20_000, Decimal("10.05")))
    limit = {"price": Decimal(50_000) - side.sign * away}
    return {
        "intent_id": f"i-{number}",
        "strategy": draw.choice(STRATEGIES),
        "side": side,
        "purpose": draw.choice(list(Purpose)),
        "quantity": Decimal(draw.choice(QUANTITIES)),
        "valid_until_ms": NOW_MS + number + draw.choice((-1, 0, 2000, 2000, 2000, 2000)),
    } | draw.choice((market, limit, limit, limit))


def _limits(draw: random.Random) -> StrategyLimits:
    return msgspec.structs.replace(
        LIMITS,
        open_orders_max=draw.choice((1, 3, 20, 200)),
        position_notional_quote_max=Decimal(draw.choice((100, 3000, 9000))),
        inventory_notional_quote_max=draw.choice((None, Decimal(600), Decimal(3000))),
        # One run in four keeps its limits in another currency than the symbol's quote.
        currency=draw.choice(("USDT", "USDT", "USDT", "EUR")),
        rate_stated=draw.choice((None, Decimal("0.9"))),
        exposure_notional_quote_max=draw.choice((None, None, Decimal(2500))),
        asset_notional_quote_max=draw.choice((None, Decimal(1500), Decimal(3000))),
        leverage_max=draw.choice((None, None, Decimal(2), Decimal(5))),
        margin_health_min=draw.choice((None, None, Decimal("0.7"))),
        liquidation_distance_bps_min=draw.choice((None, None, Decimal(2500))),
        maintenance_rate=Decimal("0.05"),
    )


def _played(seed: int) -> list[Verdict]:
    """Return the verdicts of a run in which everything changes all the time."""
    draw, verdicts = random.Random(seed), list[Verdict]()
    books = RiskState()
    for number in range(300):
        if number % 15 == 0:
            # Now and then the gate starts anew, without rules or without prices.
            books = RiskState() if draw.random() < 0.5 else state()
            if draw.random() < 0.7:
                books.fold(RULES)
            if draw.random() < 0.8:
                books.fold(money(draw.choice((500, 1500, 20_000))))
        for event in _events(draw, number):
            books.fold(event)
        seat = msgspec.structs.replace(SEAT, opens_from_ms=NOW_MS + draw.choice((0, 0, 0, 400)))
        wish = _wish(draw, number)
        said = cancel(intent_id=f"i-{number}") if draw.random() < 0.05 else intent(**wish)
        reached = draw.random() < 0.9
        limits = _limits(draw)
        now_ms = NOW_MS + number
        verdict = judge(books, said, limits, seat, now_ms, basis_reached=reached).verdict
        assert isinstance(verdict, RiskApproved | RiskRefused)
        verdicts.append(verdict)
        if isinstance(verdict, RiskApproved):
            books.reserve(verdict)
            if draw.random() < 0.2:
                verdicts.append(blocked(verdict, seat, now_ms + 3, "COMMANDS is full"))
    return verdicts


def _as_recorded(verdict: Verdict) -> tuple[str, str, bool]:
    if isinstance(verdict, RiskRefused):
        return verdict.reason, verdict.detail, False
    return "", "", verdict.reduce_only


RUN = [verdict for seed in range(10) for verdict in _played(seed)]


@pytest.mark.row("J10")
def test_every_verdict_of_a_run_is_found_again_from_its_record_alone() -> None:
    """Bytes of the journal in, the same answer out: no other state is asked, for what was allowed and what was not."""
    for verdict in RUN:
        record = decode(encode(verdict))
        assert isinstance(record, RiskApproved | RiskRefused)
        assert judged_again(record) == _as_recorded(verdict), verdict


@pytest.mark.row("J10")
def test_the_run_holds_every_answer_that_a_gate_gives() -> None:
    """A run that never met a limit would prove nothing about its inputs."""
    codes = {_as_recorded(verdict)[0] for verdict in RUN}
    assert codes == {
        "funds_unknown", "leverage", "liquidation_distance", "margin_health",
        "", "above_price_max", "above_quantity_max", "basis_late", "below_notional_min", "below_price_min",
        "below_quantity_min", "expired", "halted", "off_quantity_step", "inventory_notional", "killed", "off_tick_size",
        "open_orders", "order_notional", "position_notional", "price_collar", "price_unknown",
        "asset_notional", "exposure_notional", "exposure_unknown",
        "queue_full", "rate_unknown", "reducing", "rules_unknown", "self_trade", "tick_missing", "tick_stale",
        "venue_open_orders", "warming_up",
    }  # fmt: skip
    assert {_as_recorded(v)[2] for v in RUN if isinstance(v, RiskApproved)} == {True, False}


@pytest.mark.row("J10", "K14")
def test_no_input_of_a_verdict_can_be_left_out() -> None:
    """Whichever figure is taken out of the records, some verdict can no longer be explained."""
    names = {name for verdict in RUN for name in _figures(verdict)} - UNJUDGED
    missed = {name for name in names if all(_still_explained(one, name) for one in RUN)}
    assert missed == set()
    exposure = {f"grounds.exposure.{name}" for name in Exposure.__struct_fields__}
    limits = {f"grounds.limits.{name}" for name in StrategyLimits.__struct_fields__} - SPOT_ONLY
    assert names >= exposure | limits | {"grounds.worth.rate", "grounds.worth.rate_ms"}


def _figures(part: Any, before: str = "") -> dict[str, Any]:
    """Return the figures of a verdict that are set, by dotted name."""
    found: dict[str, Any] = {}
    names = ("moment", "grounds") if not before else part.__struct_fields__
    for name in names:
        value = getattr(part, name)
        if isinstance(value, msgspec.Struct):
            found |= _figures(value, f"{before}{name}.")
        elif value is not None and value != UNSAID[type(value)]:
            found[f"{before}{name}"] = value
    return found


def _still_explained(verdict: Verdict, name: str) -> bool:
    """Judge a verdict with one figure as if it had never been said."""
    if name not in _figures(verdict):
        return True
    *path, last = name.split(".")
    parts: list[Any] = [verdict]
    for step in path:
        parts.append(getattr(parts[-1], step))
    unsaid = UNSAID[type(getattr(parts[-1], last))]
    changed = msgspec.structs.replace(parts[-1], **{last: unsaid})
    for step, part in zip(reversed(path), reversed(parts[:-1]), strict=True):
        changed = msgspec.structs.replace(part, **{step: changed})
    return judged_again(changed) == _as_recorded(verdict)


@pytest.mark.parametrize("name", ["RiskApproved", "RiskRefused"])
def test_a_record_from_before_figures_were_typed_is_called_incomplete(name: str) -> None:
    """An old journal is read as ever; what it does not hold is named and not guessed."""
    old = older(name)
    assert isinstance(old, RiskApproved | RiskRefused)
    with pytest.raises(RecordIncomplete, match="does not say when it was given"):
        judged_again(old)


def test_the_verdicts_of_a_run_name_the_symbol_they_judged() -> None:
    """The filters in a record are read back as those of the intent's own symbol."""
    assert {one.place.symbol for one in RUN if one.place is not None} == {SYMBOL}


@pytest.mark.row("J10")
async def test_what_the_shipped_gate_sends_and_records_is_found_again() -> None:
    """Commands on the bus and refusals in the journal of a running gate hold all that they were judged by."""
    house = House()
    async with house.open():
        for number, quantity in enumerate(("0.010", "0.020", "0.041", "0.001", "10"), start=1):
            await house.say(await house.place(number, quantity=Decimal(quantity)))
        ahead = Basis(generation=0, sequence=10_000)
        await house.say(await house.place(9, basis=ahead), wait_s=0.4)
        approved, refused = house.commands(), house.refusals()
        assert [judged_again(one) for one in approved] == [_as_recorded(one) for one in approved]
        assert [judged_again(one) for one in refused] == [_as_recorded(one) for one in refused]
        assert [one.intent_id for one in approved] == ["intent-1", "intent-2"]
        reasons = [one.reason for one in refused]
        assert reasons == ["order_notional", "below_notional_min", "order_notional", "basis_late"]
