"""What a grid wants now: anchor and adoption first, then the target set of orders against what is there. Pure."""

from decimal import Decimal

import msgspec

from opensqt.domain.instruments import InstrumentRules
from opensqt.domain.market import Tick
from opensqt.domain.messages import Event
from opensqt.domain.strategy_events import AnchorSet, PositionAdopted
from opensqt.strategies.aiming import steer
from opensqt.strategies.decision import Decision, JournalledChoice
from opensqt.strategies.grid.levels import spread_over
from opensqt.strategies.grid.market_reading import words_of
from opensqt.strategies.grid.state import GridState, unowned
from opensqt.strategies.grid.target_orders import target_of
from opensqt.strategies.grid.waiting import wake_of
from opensqt.strategies.permissions import Permission, Permissions, permissions


def decide(grid: GridState, event: Event) -> Decision:
    """Return what to do after `event`, which `grid` has folded already."""
    del event  # every message is a reason to look again; the state holds all it said
    choices, waiting = _choices(grid)
    if choices or waiting:
        return Decision(choices=choices, reason="kill latched" if grid.killed else waiting)
    ladder = grid.ladder
    if ladder is None:
        return Decision(reason="waiting for first tick")
    allowed = _unlocked(grid, permissions(grid))
    target = target_of(grid, ladder, allowed)
    decision = steer(
        grid, target.wants, gaps=target.gaps, leaving=target.leaving, reason=allowed.reason
    )
    note = words_of(grid.settings, grid.reading, ladder)
    return msgspec.structs.replace(decision, note=note, wake=wake_of(grid, ladder, target.gaps))


def _unlocked(grid: GridState, allowed: Permissions) -> Permissions:
    """Take the openings away for a while after the venue refused one for want of funds; closings free some."""
    lock_ms = grid.settings.funds_lock_ms
    if not lock_ms or allowed.reason or not grid.books.broke_ms:
        return allowed
    until_ms = grid.books.broke_ms + grid.setup.market_ms(lock_ms)
    if grid.market.now_ms >= until_ms:
        return allowed
    words = f"not enough funds: no openings for {lock_ms} ms after the refusal"
    return msgspec.structs.replace(allowed, opening=Permission.NONE, reason=words)


def _choices(grid: GridState) -> tuple[tuple[JournalledChoice, ...], str]:
    """Return what must be written into the journal before anything can be traded, or why we wait."""
    market, books, settings = grid.market, grid.books, grid.settings
    if grid.unready:
        return (), grid.unready
    if books.lattice is None:
        anchor = _anchor(grid, market.ticks[grid.symbol], market.rules[grid.symbol])
        return (anchor,) if grid.may_ask(anchor.cause) else (), "fixing the anchor"
    untouched = not books.adopted and not books.traded and not market.others_trade
    if settings.adopt and settings.perpetual and untouched:
        if market.snapshot is None:
            return (), "waiting for the venue's snapshot"
        adoption = _adoption(grid, market.rules[grid.symbol])
        return (adoption,) if grid.may_ask(adoption.cause) else (), "taking over the position"
    return (), grid.lapsing


def _anchor(grid: GridState, tick: Tick, rules: InstrumentRules) -> JournalledChoice:
    setup, settings = grid.setup, grid.settings
    lattice = settings.lattice((tick.bid_price + tick.ask_price) / 2, rules)
    message = AnchorSet(
        strategy=setup.strategy,
        symbol=settings.symbol,
        anchor_price=lattice.anchor_price,
        step_price=lattice.step_price,
        reason="configured" if settings.anchor_price or lattice.prices else "first price",
        time_ms=grid.market.now_ms,
        geometric=lattice.geometric,
        prices=lattice.prices,
    )
    return JournalledChoice(cause=("anchor", setup.strategy, settings.symbol), message=message)


def _adoption(grid: GridState, rules: InstrumentRules) -> JournalledChoice:
    setup = grid.setup
    quantity, entry_price = unowned(grid) or (Decimal(0), Decimal(0))
    lattice = grid.books.lattice
    listed = lattice is not None and lattice.prices  # else the anchor is where the price was
    start = lattice.nearest(grid.mid_price()) if lattice is not None and listed else 0
    message = PositionAdopted(
        strategy=setup.strategy,
        venue=setup.venue,
        account=setup.account,
        symbol=grid.symbol,
        quantity=quantity,
        entry_price=entry_price,
        slots=spread_over(
            quantity, entry_price, grid.settings.order_notional_quote, rules, start=start
        ),
        time_ms=grid.market.now_ms,
    )
    # One cause for all strategies of the symbol: a position can be taken over once only.
    return JournalledChoice(
        cause=("adopted", setup.venue, setup.account, grid.symbol), message=message
    )
