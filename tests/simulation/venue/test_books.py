"""The venue's books over a generated market, with crashes: nothing is created, lost, doubled or left locked."""

import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, Side
from opensqt.domain.intent import OrderType, TimeInForce
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.engine.orders import IdentityPolicy, OrderRefusal, Placement
from opensqt.simulation.engine.records import Window
from opensqt.simulation.engine.scheduler import VenueScheduler
from opensqt.simulation.engine.store import Store
from opensqt.simulation.engine.wallets import spot_claim
from opensqt.simulation.market.flow import MarketFlow, MarketTrade
from opensqt.simulation.market.sources import open_flow
from opensqt.simulation.server.player import CATCH_UP_MAX_MS, Player
from tests.simulation.venue.scripted import BALANCES, PERP, SPOT, ScriptedFlow, d

ORIGIN_MS = 1_800_000_000_000
HOUR_MS = 3_600_000


class ManualClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.now_ms = ORIGIN_MS

    def market_ms(self) -> int:
        """Market time."""
        return self.now_ms

    def wall_ms(self) -> int:
        """Wall time."""
        return self.now_ms


class House:
    """Exchange, player and chores on one folder, without a wire; can be killed and started again."""

    def __init__(self, folder: Path, market: str = "") -> None:
        self.folder, self.market, self.clock = folder, market, ManualClock()
        self.open()

    def open(self) -> None:
        """Start, or go on after a kill."""
        self.flow: MarketFlow = open_flow(self.market) if self.market else ScriptedFlow()
        self.store = Store(self.folder / "venue", self.folder / "audit.jsonl")
        self.exchange = Exchange(
            venue="binance",
            instruments=self.flow.instruments,
            clock=self.clock,
            store=self.store,
            policy=IdentityPolicy(),
        )
        self.exchange.open_accounts(BALANCES)
        terms = {PERP: FundingTerms(rate=d("0.0003"), interval_hours=1)}
        self.chores = VenueScheduler(self.exchange, terms)
        self.player = Player(self.exchange, self.flow, Decimal(1), lambda: None)
        self.player.begin()

    def kill(self) -> None:
        """Forget everything that was not committed."""
        self.store.close()

    def run(self, span_ms: int) -> None:
        """Let the market go on."""
        self.clock.now_ms += span_ms
        while self.player.pump():
            pass
        self.chores.tick()

    def audit(self) -> Iterator[dict[str, Any]]:
        """The audit's rows."""
        for line in (self.folder / "audit.jsonl").read_bytes().splitlines():
            yield msgspec.json.decode(line)


def act(house: House, draw: random.Random, number: int) -> None:
    """Place something near the market, or cancel something."""
    symbol, account = draw.choice((SPOT, PERP)), draw.choice(("main", "other"))
    open_orders = list(house.exchange.open.get((account, symbol), {}).values())
    if open_orders and draw.random() < 0.4:
        order = draw.choice(open_orders)
        house.exchange.cancel(account, symbol, order_id=order.order_id, client_id="", cancel_id="x")
        house.exchange.commit()
        return
    rules = house.exchange.rules[symbol]
    side = draw.choice(list(Side))
    mark = house.exchange.settlement.marks[symbol]
    price = rules.fit_price(mark * (1 + Decimal(draw.randint(-4, 4)) / 10000), side)
    kind = draw.choice((OrderType.LIMIT, OrderType.LIMIT, OrderType.MARKET))
    terms = draw.choice(list(TimeInForce)) if kind is OrderType.LIMIT else TimeInForce.IOC
    placement = Placement(
        account=account,
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=terms,
        quantity=Decimal(draw.randint(1, 40)) / 1000,
        price=price if kind is OrderType.LIMIT else ZERO,
        client_order_id=f"n{number}",
        reduce_only=rules.market is Market.PERP and draw.random() < 0.2,
    )
    try:
        house.exchange.place(placement)
    except OrderRefusal:
        return
    house.exchange.commit()


@pytest.mark.parametrize("seed", range(1, 9))
def test_books_add_up_over_a_market_with_crashes(tmp_path: Path, seed: int) -> None:
    """Four hundred random acts, funding and five crashes later every figure follows from the audit."""
    house, draw = House(tmp_path, f"synthetic:{seed}"), random.Random(seed)
    for number in range(400):
        house.run(draw.randint(20, 300))
        act(house, draw, number)
        if number % 80 == 79:
            house.kill()
            house.clock.now_ms += HOUR_MS if number == 239 else draw.randint(0, 5_000)
            house.open()
    house.exchange.state_balances()
    house.exchange.commit()
    rows = list(house.audit())
    check_orders(house, rows)
    for account in BALANCES:
        check_account(house, rows, account)
    assert sum(row["kind"] == "fill" for row in rows) > 50


def check_orders(house: House, rows: list[dict[str, Any]]) -> None:
    """Each accepted order is there once, its fills do not exceed it, and it ended at most once."""
    placed = [row for row in rows if row["kind"] == "place"]
    ids = [(row["market"], row["venue_order_id"]) for row in placed]
    assert len(ids) == len(set(ids))
    trades = [(r["account"], r["market"], r["trade_id"]) for r in rows if r["kind"] == "fill"]
    assert len(trades) == len(set(trades))
    for row in placed:
        mine = [
            r
            for r in rows
            if (r["market"], r["venue_order_id"]) == (row["market"], row["venue_order_id"])
        ]
        filled = sum((d(r["quantity"]) for r in mine if r["kind"] == "fill"), ZERO)
        ends = [r for r in mine if r["kind"] in ("cancel", "expire")]
        symbol = SPOT if row["market"] == "spot" else PERP
        is_open = int(row["venue_order_id"]) in house.exchange.open.get(
            (row["account"], symbol), {}
        )
        assert len(ends) == (0 if is_open or filled == d(row["quantity"]) else 1)
        assert filled + sum((d(r["quantity"]) for r in ends), ZERO) <= d(row["quantity"])
        better = [r for r in mine if r["kind"] == "fill" and d(row["price"]) > 0]
        sign = 1 if row["side"] == "buy" else -1
        assert all((d(r["price"]) - d(row["price"])) * sign <= 0 for r in better)


def check_account(house: House, rows: list[dict[str, Any]], name: str) -> None:
    """Balances follow from deposits and audited fills; locks from open orders; the wallet from its totals."""
    account = house.exchange.settlement.accounts[name]
    expected = dict(BALANCES[name])
    position = ZERO
    for row in (r for r in rows if r["account"] == name and r["kind"] == "fill"):
        sign = 1 if row["side"] == "buy" else -1
        quantity, worth = d(row["quantity"]) * sign, d(row["quantity"]) * d(row["price"]) * sign
        if row["market"] == "perp":
            position += quantity
            continue
        expected["BTC"] += quantity
        expected["USDT"] -= worth
        expected[row["fee_asset"]] -= d(row["fee"])
    assert {asset: held.total for asset, held in account.spot.items()} == expected
    locked = dict.fromkeys(expected, ZERO)
    for order in house.exchange.open.get((name, SPOT), {}).values():
        claim = spot_claim(order, house.exchange.rules[SPOT])
        locked[claim.asset] += claim.amount
    assert {asset: held.locked for asset, held in account.spot.items()} == locked
    wallet = account.perp
    assert wallet.balance == wallet.deposited + wallet.realized_pnl + wallet.funding - wallet.fees
    assert wallet.position(PERP).quantity == position
    income = house.store.records.income(name, "", "", Window(limit=100_000))
    assert wallet.balance == wallet.deposited + sum((d(row.income) for row in income), ZERO)
    funded = [d(r["quantity"]) for r in rows if r["account"] == name and r["kind"] == "funding"]
    assert wallet.funding == sum(funded, ZERO)
    stated = [r for r in rows if r["account"] == name and r["kind"] == "balance"][-3:]
    assert sorted(d(r["quantity"]) for r in stated) == sorted([*expected.values(), wallet.balance])


def test_a_trade_before_the_crash_fills_nobody_again(tmp_path: Path) -> None:
    """The flow is replayed from its checkpoint, but what was matched stays matched."""
    house = House(tmp_path, "synthetic:5")
    house.run(3_000)
    mark = house.exchange.settlement.marks[SPOT]
    rules = house.exchange.rules[SPOT]
    for number in range(8):
        price = rules.fit_price(mark * (1 - Decimal(number) / 20000), Side.BUY)
        house.exchange.place(
            Placement(
                account="main",
                symbol=SPOT,
                side=Side.BUY,
                type=OrderType.LIMIT,
                time_in_force=TimeInForce.GTC,
                quantity=d("0.05"),
                price=price,
                client_order_id=f"b{number}",
            )
        )
    house.exchange.commit()
    while not house.exchange.store.records.executions("main", SPOT, Window()):
        house.run(200)
    before = house.store.records.executions("main", SPOT, Window())
    house.kill()
    house.open()
    assert house.store.records.executions("main", SPOT, Window()) == before
    assert not house.exchange.settlement.tapes[SPOT].trades


def test_a_boundary_that_passed_while_the_venue_was_dead_is_paid_once(tmp_path: Path) -> None:
    """Killed just before the hour and started after it: funding is paid then, and not again."""
    house = House(tmp_path)
    house.clock.now_ms += HOUR_MS - 10_000
    house.run(1)
    house.exchange.place(
        Placement(
            account="main",
            symbol=PERP,
            side=Side.BUY,
            type=OrderType.MARKET,
            time_in_force=TimeInForce.IOC,
            quantity=d("0.1"),
        )
    )
    house.exchange.commit()
    house.kill()
    house.clock.now_ms += 20_000
    house.open()
    house.run(1)
    house.kill()
    house.open()
    house.run(1)
    paid = [d(row["quantity"]) for row in house.audit() if row["kind"] == "funding"]
    assert paid == [-d("0.1") * d("60000") * d("0.0003")]


def test_after_a_long_pause_the_market_was_closed(tmp_path: Path) -> None:
    """A pause longer than the catch-up shifts the flow: the price goes on where it stood."""
    house = House(tmp_path, "synthetic:6")
    house.run(5_000)
    mark = house.exchange.settlement.marks[SPOT]
    house.kill()
    house.clock.now_ms += 100 * CATCH_UP_MAX_MS
    house.open()
    house.run(100)
    house.kill()
    house.open()
    house.clock.now_ms += 2 * CATCH_UP_MAX_MS
    house.run(100)
    assert abs(house.exchange.settlement.marks[SPOT] / mark - 1) < d("0.001")
    assert house.player.due_ms >= house.clock.now_ms - 100


def test_a_maker_fill_splits_the_public_print(tmp_path: Path) -> None:
    """Our part of a flow's trade and the rest are printed once each; the sum is the trade."""
    house = House(tmp_path)
    house.run(1)
    placement = Placement(
        account="main",
        symbol=SPOT,
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.POST_ONLY,
        quantity=d("0.3"),
        price=d("60000"),
    )
    house.exchange.place(placement)
    house.exchange.play(
        MarketTrade(symbol=SPOT, time_ms=0, price=d("60000"), quantity=d("0.5"), taker=Side.SELL)
    )
    house.exchange.commit()
    prints = house.exchange.settlement.tapes[SPOT].drain()
    assert [(p.quantity, p.taker) for p in prints] == [(d("0.3"), Side.SELL), (d("0.2"), Side.SELL)]
    assert len({p.trade_id for p in prints}) == 2
