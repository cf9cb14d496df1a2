"""What of a desk a trader must know now: the same facts that the page and the alert rules look at. Pure.

Everything is said as what is the case at this moment, so that a restart, a lost message or a hole in FEED changes
nothing: what is the case and was not told is told.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from opensqt.domain.bus_trouble import bus_trouble
from opensqt.domain.control import KillLatched
from opensqt.domain.decimals import ZERO
from opensqt.domain.instruments import Market, market_of
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.recon_events import (
    FORCED_WORDS,
    Discrepancy,
    ForcedTrade,
    Halted,
    OrderContradicted,
)
from opensqt.domain.scope import DESK
from opensqt.domain.strategy_events import StrategyFaulted
from opensqt.domain.trading_controls import REDUCING
from opensqt.domain.venue_trouble import SILENT
from opensqt.runtime.alerts.alert import Alert
from opensqt.runtime.config.alerts import AlertSeverity
from services.gateway.activity import plain
from services.gateway.decide import DeskStatus
from services.gateway.desk_metrics import neutrality
from services.gateway.state import GatewayState

PAGE, WARN = AlertSeverity.PAGE, AlertSeverity.WARN
FACT_MS_MAX = 3_600_000  # wall: what happened longer ago is no news
PRICE_AGE_MS_MAX = 10_000  # wall, as is every bound below
NEUTRAL_MIN = Decimal("0.95")
ID_SHOWN = 12

# What happens at one moment, and stays true.
AlertFact = Discrepancy | OrderContradicted | ForcedTrade | StrategyFaulted


def alerts_of(
    state: GatewayState, told: DeskStatus, facts: Mapping[str, AlertFact]
) -> dict[str, Alert]:
    """Return everything that is the case now, by key; `facts` by their event ids."""
    found: dict[str, Alert] = {}
    for alert in (
        *_switches(state, told),
        *_servers(told),
        *_market(state, told),
        *_orders(state),
        *_strategies(state, told),
        *_facts(told, facts),
    ):
        found[alert.key] = alert
    return found


def _switches(state: GatewayState, told: DeskStatus) -> Iterator[Alert]:
    controls = state.books.controls
    for scope, kill in controls.kills.scopes.items():
        text = f"killed by {kill.actor}: {kill.reason}"
        yield Alert(kind="Killed", subject=_named(scope, kill), severity=PAGE, text=text)
    if told.latched and DESK not in controls.kills.scopes:
        text = f"killed by the file of the folder, the journal does not tell yet; {told.latched}"
        yield Alert(kind="Killed", subject="latch", severity=PAGE, text=text, hold_s=3)
    for halt in controls.halts.values():
        yield _halted(halt)


def _named(scope: str, kill: KillLatched) -> str:
    """Return the name of this very kill: one more, after a resume, is told at once."""
    return f"{scope} {kill.kill_id[:ID_SHOWN] or kill.time_ms}"


def _halted(halt: Halted) -> Alert:
    if halt.breaker:
        text = f"openings are stopped in {halt.scope}: {halt.reason}"
        subject = f"{halt.breaker} {halt.scope}"
        return Alert(kind="BreakerOpen", subject=subject, severity=PAGE, text=text)
    is_own = halt.scope.startswith("strategy/") and halt.mode == REDUCING
    return Alert(
        kind="StrategyHalted" if is_own else "DeskHalted",
        subject=halt.scope,
        severity=PAGE,
        text=f"{halt.mode}, {halt.reason}",
    )


def _servers(told: DeskStatus) -> Iterator[Alert]:
    if not told.live:
        text = f"the gateway does not hear the desk: {told.why}"
        yield Alert(kind="RelayBehind", subject="FEED", severity=PAGE, text=text, hold_s=15)
    if broken := bus_trouble(told.statuses):
        yield Alert(kind="StreamMissing", subject="bus", severity=PAGE, text=broken, hold_s=5)
    for process in told.processes:
        if not process.ready and process.state not in ("done", "stopped"):
            text = f"{process.state} {process.why}".rstrip()
            yield Alert(
                kind="ProcessDown", subject=process.name, severity=PAGE, text=text, hold_s=15
            )


def _market(state: GatewayState, told: DeskStatus) -> Iterator[Alert]:
    for name, said in told.statuses.items():
        if silent := said.get(SILENT):
            yield Alert(
                kind="VenueSilent", subject=name, severity=PAGE, text=str(silent), hold_s=10
            )
    for venue, symbol in told.places:
        tick = state.quotes.ticks.get((venue, symbol))
        age_ms = told.age_ms(tick.time_ms) if tick is not None else 0
        if age_ms > PRICE_AGE_MS_MAX:
            yield Alert(
                kind="PricesOld",
                subject=f"{venue} {symbol}",
                severity=PAGE,
                text="no price for more than ten seconds",
                hold_s=15,
            )


def _orders(state: GatewayState) -> Iterator[Alert]:
    for order in state.living:
        if order.phase is OrderStatus.UNRESOLVED and order.placed is not None:
            ref = order.placed.ref
            yield Alert(
                kind="OrderInDoubt",
                subject=order.client_order_id,
                severity=PAGE,
                text=f"{ref.strategy} {ref.symbol} at {ref.venue} has no answer of the venue",
                hold_s=30,
            )


def _strategies(state: GatewayState, told: DeskStatus) -> Iterator[Alert]:
    controls = state.books.controls
    for name, legs in told.legs.items():
        stopped = controls.killed(name) or any(
            controls.halt(venue, told.accounts.get(name, ""), (symbol,), name)
            for venue, symbol in legs
        )
        line = told.trading(name)
        # Whoever was killed or halted does not trade: that was told already.
        if not line["trading"] and not stopped:
            text = f"does not trade: {line['reason']}"
            yield Alert(
                kind="StrategyNotTrading", subject=name, severity=WARN, text=text, hold_s=300
            )
        if told.kinds.get(name) == "carry" and (naked := _naked(state, name)):
            yield Alert(kind="NakedLeg", subject=name, severity=PAGE, text=naked, hold_s=30)


def _naked(state: GatewayState, strategy: str) -> str:
    legs = {Market.SPOT: ZERO, Market.PERP: ZERO}
    for (owner, _, _, symbol), part in state.books.holdings.items():
        if owner == strategy:
            legs[market_of(symbol)] += part.quantity
    covered = neutrality(legs[Market.SPOT], legs[Market.PERP])
    if covered is None or covered >= NEUTRAL_MIN:
        return ""
    spot, perp = plain(legs[Market.SPOT]), plain(legs[Market.PERP])
    return f"one leg is not covered: {spot} spot, {perp} perpetual"


def _facts(told: DeskStatus, facts: Mapping[str, AlertFact]) -> Iterator[Alert]:
    for event_id, fact in facts.items():
        if told.age_ms(fact.time_ms) <= FACT_MS_MAX:
            kind, severity, text = _happened(fact)
            yield Alert(
                kind=kind, subject=event_id[:ID_SHOWN], severity=severity, text=text, once=True
            )


def _happened(fact: AlertFact) -> tuple[str, AlertSeverity, str]:
    match fact:
        case Discrepancy():
            seen = f"expected {fact.expected}, the venue shows {fact.observed}"
            what = f"{fact.account} at {fact.venue}, {fact.kind} of {fact.subject} {fact.symbol}"
            return "Discrepancy", WARN, f"{what}: {seen}"
        case OrderContradicted():
            what = f"order {fact.client_order_id} {fact.symbol} was {fact.state}"
            return "Discrepancy", PAGE, f"{what}, the venue shows {fact.evidence}"
        case StrategyFaulted():
            return "StrategyFaulted", PAGE, f"{fact.strategy} stopped by a fault: {fact.error}"
        case _:
            what = f"{fact.symbol} of {fact.account} at {fact.venue}"
            done = f"{FORCED_WORDS[type(fact)]} by {plain(fact.quantity)} at {plain(fact.price)}"
            return "Liquidated", PAGE, f"{what} was {done}"
