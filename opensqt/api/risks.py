"""RiskService, looking: what is at stake against which limits, and what is stopped. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.api.codes import CallRefused, Code
from opensqt.api.lines import place_of, position_lines
from opensqt.api.requests import OfSymbols, PositionLine
from opensqt.api.risk_shapes import (
    BreakersReply,
    BreakerStatus,
    ExposureReply,
    LimitsReply,
    OfBreaker,
    OfLimits,
    OfReconciliation,
    ReconciliationReply,
    RiskMetricsReply,
    SymbolExposure,
    SymbolMatch,
    SymbolRisk,
)
from opensqt.api.seen import SnapshotSeen
from opensqt.api.view import DeskView
from opensqt.api.worth import equity, equity_of_all, rate_of, share
from opensqt.domain.control import MANUAL_OWNER, KillLatched
from opensqt.domain.decimals import EXACT, ONE, ZERO
from opensqt.domain.instruments import Market, market_of, quote_asset
from opensqt.domain.profit import by_strategy, total
from opensqt.domain.scope import DESK, Scope, parsed
from opensqt.risk.breakers.panel import MANUAL
from opensqt.risk.breakers.states import BreakerState, Phase, states_of
from opensqt.runtime.config.limits import breakers_of
from opensqt.runtime.projection.tables import instant

HUNDRED = Decimal(100)
POSITION_LIMIT = "position_notional_quote_max"
RUNNING, DONE = "running", "completed"


def get_risk_metrics(view: DeskView, asked: OfSymbols) -> RiskMetricsReply:
    """Return each position that is held against its limit."""
    held = (one for one in position_lines(view).values() if one.quantity != 0)
    return RiskMetricsReply(
        metrics=tuple(_risk(view, one) for one in held if asked.wants(one.venue, one.symbol))
    )


def get_position_limits(view: DeskView, asked: OfLimits) -> LimitsReply:
    """Return the limits of now."""
    risk = view.risk()
    sizes: dict[str, Decimal | None] = {}
    if asked.symbol:
        place = place_of(view, asked.symbol, asked.venue)
        price, rate = (
            view.quotes.prices().get(place),
            rate_of(view, place[0], quote_asset(place[1])),
        )
        worth = EXACT.multiply(price, rate) if price and rate else None
        sizes = {
            name: round(EXACT.divide(most, worth), 12) if worth else None
            for name, most in (
                ("max_order_size", risk.order_notional_quote_max),
                ("max_position_size", risk.position_notional_quote_max),
            )
        }
    return LimitsReply(
        currency=risk.currency,
        order_notional_quote_max=risk.order_notional_quote_max,
        position_notional_quote_max=risk.position_notional_quote_max,
        open_orders_max=risk.open_orders_max,
        price_collar_bps=risk.price_collar_bps,
        tick_age_ms_max=risk.tick_age_ms_max,
        leverage_max=risk.leverage_max,
        symbol=asked.symbol,
        **sizes,
    )


def get_exposure(view: DeskView, asked: object) -> ExposureReply:
    """Return what all positions are worth, and how far they are levered."""
    del asked
    lines = [one for one in position_lines(view).values() if one.quantity != 0]
    worths = [_notional(view, one) for one in lines]
    whole = total(worths)
    return ExposureReply(
        currency=view.risk().currency,
        total_notional=whole,
        total_unrealized_pnl=total(_in_currency(view, one, one.unrealized_pnl) for one in lines),
        portfolio_leverage=share(whole, equity_of_all(view)),
        exposures=tuple(
            SymbolExposure(
                venue=one.venue,
                account=one.account,
                symbol=one.symbol,
                notional_value=worth,
                percentage_of_portfolio=_percent(worth, whole),
            )
            for one, worth in zip(lines, worths, strict=True)
        ),
    )


def get_reconciliation_status(view: DeskView, asked: OfReconciliation) -> ReconciliationReply:
    """Return what each account's newest look at the venue showed, and whether it came after the question."""
    asked_ms = _asked_ms(view, asked.reconciliation_id)
    accounts = [(one.venue, name) for name, one in view.config.accounts.items()]
    seen = [view.seen.snapshots.get(account) for account in accounts]
    done = [one for one in seen if one is not None and one.snapshot.started_ms >= asked_ms]
    is_done = len(done) == len(accounts)
    return ReconciliationReply(
        reconciliation_id=asked.reconciliation_id,
        status=DONE if is_done else RUNNING,
        started_at=instant(asked_ms),
        completed_at=instant(max(one.snapshot.time_ms for one in done)) if is_done else None,
        results=tuple(line for one in done for line in _matches(view, one)),
    )


def get_circuit_breaker_status(view: DeskView, asked: OfBreaker) -> BreakersReply:
    """Return the breakers of what is asked for, each scope with the one that a person opens; of the desk, all."""
    scopes = scopes_of(view, asked)
    controls = view.books.controls
    configured = breakers_of(view.config, ONE).names
    lines = [_breaker(view, one) for one in states_of(controls, configured)]
    lines += [_killed(view, one) for _, one in sorted(controls.kills.scopes.items())]
    if scopes != (DESK,):
        lines = [one for one in lines if one.scope in ("", *scopes)]
    told = {one.scope for one in lines if one.breaker == MANUAL}
    lines += [
        _breaker(view, BreakerState(breaker=MANUAL, state=Phase.CLOSED, scope=scope))
        for scope in scopes
        if scope not in told
    ]
    lines.sort(key=lambda one: not one.is_open)
    return BreakersReply(breakers=tuple(lines), mode=controls.mode)


def scopes_of(view: DeskView, asked: OfBreaker) -> tuple[str, ...]:
    """Return the scopes that are meant; raise `CallRefused` where that is nobody."""
    strategies = view.config.strategies
    if asked.strategy and asked.symbol:
        raise CallRefused(Code.INVALID, "name a strategy or a symbol, not both")
    if asked.strategy:
        if asked.strategy not in (*strategies, MANUAL_OWNER):
            known = ", ".join(sorted(strategies))
            raise CallRefused(Code.NOT_FOUND, f"strategy {asked.strategy!r}: expected {known}")
        return (str(Scope(strategy=asked.strategy)),)
    if not asked.symbol:
        return (DESK,)
    places = sorted(place for place in view.config.places() if place[2] == asked.symbol)
    if not places:
        raise CallRefused(Code.NOT_FOUND, f"no strategy trades {asked.symbol}")
    return tuple(
        str(Scope(venue=venue, account=account, symbol=symbol)) for venue, account, symbol in places
    )


def _risk(view: DeskView, line: PositionLine) -> SymbolRisk:
    notional, most = _notional(view, line), view.risk().position_notional_quote_max
    broken = notional is not None and notional > most
    return SymbolRisk(
        venue=line.venue,
        account=line.account,
        symbol=line.symbol,
        position_size=line.quantity,
        notional_value=notional,
        unrealized_pnl=line.unrealized_pnl,
        leverage=share(notional, equity(view, (line.venue, line.account))),
        risk_score=share(notional, most),
        limit_breach=broken,
        limit_type=POSITION_LIMIT if broken else "",
        last_price=line.current_price,
    )


def _notional(view: DeskView, line: PositionLine) -> Decimal | None:
    """Return what a position is worth in the desk's currency."""
    if line.current_price is None:
        return None
    return _in_currency(view, line, EXACT.multiply(abs(line.quantity), line.current_price))


def _in_currency(view: DeskView, line: PositionLine, amount: Decimal | None) -> Decimal | None:
    rate = rate_of(view, line.venue, quote_asset(line.symbol))
    return None if amount is None or rate is None else EXACT.multiply(amount, rate)


def _percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    if part is None or not whole:
        return None
    return round(EXACT.divide(EXACT.multiply(part, HUNDRED), whole), 2)


def _asked_ms(view: DeskView, name: str) -> int:
    if not name.isdecimal() or int(name) > view.now_ms():
        raise CallRefused(
            Code.NOT_FOUND, f"reconciliation {name[:40]!r}: expected an id of TriggerReconciliation"
        )
    return int(name)


def _matches(view: DeskView, seen: SnapshotSeen) -> Iterator[SymbolMatch]:
    """Yield each perpetual that either side holds; spot has no positions at a venue, only balances."""
    snapshot = seen.snapshot
    shown = {one.symbol: one.quantity for one in snapshot.positions}
    perps = {one for one in {*shown, *seen.nets} if market_of(one) is Market.PERP}
    for symbol in sorted(perps):
        ours, theirs = seen.nets.get(symbol, ZERO), shown.get(symbol, ZERO)
        yield SymbolMatch(
            venue=snapshot.venue,
            account=snapshot.account,
            symbol=symbol,
            position_match=ours == theirs,
            local_position=ours,
            exchange_position=theirs,
            divergence=EXACT.subtract(theirs, ours),
            corrected=(snapshot.account, symbol) in view.seen.corrected(snapshot.started_ms),
        )


def _breaker(view: DeskView, state: BreakerState) -> BreakerStatus:
    return BreakerStatus(
        scope=state.scope,
        is_open=state.state is Phase.OPEN,
        reason=state.reason,
        actor=state.actor,
        opened_at=instant(state.since_ms) if state.since_ms else None,
        realized_pnl=_realized(view, state.scope),
        breaker=state.breaker,
        state=state.state.value,
        tried_again_at=instant(state.until_ms) if state.until_ms else None,
    )


def _killed(view: DeskView, kill: KillLatched) -> BreakerStatus:
    return BreakerStatus(
        scope=kill.scope,
        is_open=True,
        reason=kill.reason,
        actor=kill.actor,
        opened_at=instant(kill.time_ms),
        realized_pnl=_realized(view, kill.scope),
        breaker="kill",
        state=Phase.OPEN.value,
    )


def _realized(view: DeskView, text: str) -> Decimal | None:
    """Return what was realised in a scope, before fees; None where it is none."""
    scope = parsed(text)
    if scope is None:
        return None
    return total(
        one.realized_pnl
        for one in by_strategy(view.booked())
        if scope.covers(
            strategy=one.strategy, venue=one.venue, account=one.account, symbol=one.symbol
        )
    )
