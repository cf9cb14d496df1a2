"""What must hold when the faults are over: everything ended or stands as the venue says, and all books agree."""

from decimal import Decimal

from opensqt.runtime.bus.port import Stream
from opensqt.runtime.envelope import MESSAGE_ID
from tests.world.desk import Desk
from tests.world.instruments import GRIDDED, PERP, SPOT
from tests.world.kills import misjudged
from tests.world.register import APPROVED, DOUBTFUL
from tests.world.tables import differing
from tests.world.trades import terms_of

HEDGED_BY = Decimal("0.001")  # the step of the perpetual: less spot than this cannot be hedged
OBEYED_MS_MAX = 4000
ZERO = Decimal(0)


def unsettled(desk: Desk, unanswered: list[str]) -> list[tuple[str, str]]:
    """Return what does not hold yet: (invariant, detail)."""
    judge = desk.judge
    _look_at_the_queue(desk)
    found = [("no intent without end", name) for name in unanswered]
    found += [("everybody comes back", n) for n in desk.posts if _should_serve(desk, n)]
    found += _orders(desk)
    found += _fills(desk) + _income(desk)
    found += [("every stream is made again", name) for name in desk.broker.missing]
    if not found:
        found += misjudged(desk)
    found += [("the desk is resumed", scope) for scope in judge.halts]
    if desk.closed:
        return [("the desk is open", "nobody runs")]
    if judge.lost:
        return found or _feed(desk) or list(desk.noise.unburied()) or _reconciled(desk)
    naked = abs(desk.net(SPOT) + desk.net(PERP))
    if PERP in desk.symbols and not desk.judge.killed and naked >= HEDGED_BY:
        found.append(("no naked leg", f"spot {desk.net(SPOT)}, perp {desk.net(PERP)}"))
    return found or _books(desk) or _feed(desk) or list(desk.noise.unburied()) or _reconciled(desk)


def _look_at_the_queue(desk: Desk) -> None:
    """Blame commands that lie before an executor that serves: a predecessor's unacked ones come back at once."""
    judge, now_ms = desk.judge, desk.clock.wall_ms()
    if not desk.posts[desk.leader()].ready or APPROVED not in judge.register.met():
        judge.idle_since_ms = now_ms
    elif now_ms > judge.idle_since_ms + OBEYED_MS_MAX:
        judge.blame("commands are obeyed at once", f"{judge.register.first(APPROVED)} still waits")


def _should_serve(desk: Desk, name: str) -> bool:
    if name.startswith("executor"):
        return not desk.posts[desk.leader()].ready
    return not desk.posts[name].ready


def _orders(desk: Desk) -> list[tuple[str, str]]:
    found = []
    judge = desk.judge
    at_venue = {o.client_order_id: o for o in desk.exchange.orders}
    for name, told in judge.told.items():
        taken = at_venue.get(name)
        is_open = taken is not None and taken.is_open
        if not told.over and not is_open:
            found.append(("every order ends", f"{name} is {told.phase}, the venue has it no more"))
        elif not told.over and told.phase in DOUBTFUL:
            found.append(("nothing unresolved", f"{name} is {told.phase}, the venue shows it"))
        elif told.over and is_open:
            found.append(("fold = venue", f"{name} ended as {told.end}, the venue has it open"))
        elif is_open and told.intent in judge.cancelled_ms:
            found.append(("a wish is kept", f"{name} is open, its cancel was approved"))
        if is_open and judge.killed:
            found.append(("a kill leaves nothing", f"{name} is open"))
    for name, taken in at_venue.items():
        forgotten = name in judge.lost and not taken.is_open
        if name not in judge.told and not forgotten:
            found.append(("no orphan", name))
    return found


def _fills(desk: Desk) -> list[tuple[str, str]]:
    there = {terms_of(trade.symbol, trade) for trade in desk.exchange.trades}
    booked = desk.judge.trades.booked.values()
    found = [("fills = trades", f"missing {terms}") for terms in sorted(there - set(booked))]
    return found + [("fills = trades", f"invented {one}") for one in sorted(set(booked) - there)]


def _income(desk: Desk) -> list[tuple[str, str]]:
    """Compare the funding of the journal with what the venue booked, and a position that it moved."""
    losses = desk.judge.losses
    booked = {one.income_id: (one.symbol, one.amount) for one in desk.exchange.funding}
    told = {name: (one.symbol, one.amount) for name, one in losses.paid.items()}
    found = [
        ("funding = booked", f"{one} on one side")
        for one in set(booked.items()) ^ set(told.items())
    ]
    gaps = [symbol for symbol in losses.moved if losses.gap(symbol) and symbol not in losses.halted]
    return found + [("what was lost is adjusted", f"{losses.gap(one)} of {one}") for one in gaps]


def _reconciled(desk: Desk) -> list[tuple[str, str]]:
    post = desk.posts.get("reconciler")
    if post is None or post.service is None:
        return []
    # What a venue that showed nothing was told of stands until the next look.
    standing = [] if desk.judge.misled else vars(post.service)["_judge"].standing()
    stopped = (
        desk.judge.losses.halted
    )  # what is too much to be adjusted stands until a person has looked
    found = [
        ("nothing stands against the venue", one)
        for one in standing
        if not any(one.startswith(f"binance/main/position/{symbol}/") for symbol in stopped)
    ]
    return found or differing(desk.tables, desk.exchange, len(desk.store.rows), stopped)


def _feed(desk: Desk) -> list[tuple[str, str]]:
    """Look for the journal's rows in FEED, those from before its generation aside."""
    stream = desk.broker.stream(Stream.FEED)
    there = {stored.headers.get(MESSAGE_ID) for stored in stream.beyond(0, [])}
    rows = desk.store.rows[desk.judge.feed.after :]
    return [
        ("FEED holds the journal", f"row {row.position} ({row.type}) is not there")
        for row in rows
        if row.event_id not in there
    ][:1]


def _living(desk: Desk) -> list[tuple[str, str]]:
    """Compare the orders that executor and gate count as living with those that the venue has open."""
    there = {o.client_order_id for o in desk.exchange.orders if o.is_open}
    leader = desk.leader()
    gate = vars(desk.posts["risk"].service)["_sight"].state
    counted = {
        leader: desk.accounts[leader].state.living(),
        "risk": [
            one
            for one in gate.index.open.living()
            if one.placed is None or one.placed.ref.account == desk.account
        ],
    }
    return [
        ("living = open", f"only one of {who} and the venue has {sorted(names ^ there)}")
        for who, orders in counted.items()
        if (names := {one.client_order_id for one in orders}) != there
    ]


def _books(desk: Desk) -> list[tuple[str, str]]:
    """Compare the position in each service's own books with the venue's trades."""
    found = _living(desk)
    for symbol in desk.symbols:
        net = desk.net(symbol) + desk.judge.losses.adjusted.get(symbol, ZERO)
        seen: dict[str, Decimal] = {}
        leader = desk.leader()
        seen[leader] = desk.accounts[leader].state.net(symbol)
        gate = vars(desk.posts["risk"].service)["_sight"].state
        seen["risk"] = gate.index.positions.net((desk.account, symbol))
        if symbol == GRIDDED:
            actor = vars(desk.posts["grid"].service)["_actors"][0]
            books = actor.state.books
            parts = (books.strays, *(slot.position for slot in books.slots.values()))
            seen["grid"] = sum((part.quantity for part in parts), ZERO)
        elif symbol in (SPOT, PERP):
            books = vars(desk.posts["arb"].service)["_actors"][0].state.books
            seen["arb"] = (books.spot if symbol == SPOT else books.perp).quantity
        found += [
            ("books = trades", f"{who} holds {held} {symbol}, trades say {net}")
            for who, held in seen.items()
            if held != net
        ]
    return found
