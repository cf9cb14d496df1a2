"""What subscribers are told of each message of the feed, or nothing. Pure."""

from decimal import Decimal

from opensqt.api.candles import candle_line
from opensqt.api.exchange import funding_line, get_account
from opensqt.api.exchange_shapes import (
    AccountNews,
    CandleLine,
    FundingLine,
    OrderNews,
    PositionNews,
    PriceChange,
)
from opensqt.api.lines import order_line, position_lines
from opensqt.api.requests import OfAccount, OfNews
from opensqt.api.risk_shapes import RiskAlert
from opensqt.api.view import DeskView
from opensqt.domain.account import BalanceChanged, Deposit, FundingPaid, VenueSnapshot
from opensqt.domain.control import KillLatched, KillReleased, LimitChanged
from opensqt.domain.decimals import EXACT
from opensqt.domain.market import Candle, Funding, Tick
from opensqt.domain.messages import Event, name_of
from opensqt.domain.order_events import Fill, OrderEvent
from opensqt.domain.recon_events import (
    Adjustment,
    AutoDeleveraged,
    Discrepancy,
    Halted,
    Liquidated,
    OrderContradicted,
    Resumed,
)
from opensqt.domain.strategy_events import StrategyFaulted
from opensqt.domain.verdict import RiskRefused
from opensqt.runtime.projection.tables import instant

_Switch = Halted | Resumed | KillLatched | KillReleased
_Alert = (
    (_Switch | LimitChanged | RiskRefused)
    | (Discrepancy | Adjustment | OrderContradicted | Liquidated | AutoDeleveraged)
    | StrategyFaulted
)
_Money = VenueSnapshot | BalanceChanged | FundingPaid | Deposit


def prices(view: DeskView, asked: OfNews, message: Event) -> PriceChange | None:
    """Tell each new top of a book."""
    del view
    if not isinstance(message, Tick) or not asked.wants(message.venue, message.symbol):
        return None
    both = EXACT.add(message.bid_price, message.ask_price)
    return PriceChange(
        venue=message.venue,
        symbol=message.symbol,
        price=EXACT.multiply(both, Decimal("0.5")),
        bid=message.bid_price,
        ask=message.ask_price,
        time=instant(message.time_ms),
    )


def funding(view: DeskView, asked: OfNews, message: Event) -> FundingLine | None:
    """Tell each word of a venue about funding."""
    del view
    is_mine = isinstance(message, Funding) and asked.wants(message.venue, message.symbol)
    return funding_line(message) if isinstance(message, Funding) and is_mine else None


def klines(view: DeskView, asked: OfNews, message: Event) -> CandleLine | None:
    """Tell each change of a candle of a minute."""
    del view
    is_mine = isinstance(message, Candle) and asked.wants(message.venue, message.symbol)
    return candle_line(message) if isinstance(message, Candle) and is_mine else None


def orders(view: DeskView, asked: OfNews, message: Event) -> OrderNews | None:
    """Tell what happens to orders."""
    if not isinstance(message, OrderEvent):
        return None
    ref = message.ref
    known = view.books.orders.get(ref.client_order_id)
    if known is None or known.placed is None or not asked.wants(ref.venue, ref.symbol):
        return None
    return OrderNews(event=name_of(message), order=order_line(view.books, ref.client_order_id))


def account(view: DeskView, asked: OfAccount, message: Event) -> AccountNews | None:
    """Tell an account whenever its wallets or positions may have changed."""
    if isinstance(message, Fill):
        name = message.ref.account
    elif isinstance(message, _Money):
        name = message.account
    else:
        return None
    if asked.account not in ("", name) or name not in view.config.accounts:
        return None
    return AccountNews(event=name_of(message), account=get_account(view, OfAccount(account=name)))


def positions(view: DeskView, asked: OfNews, message: Event) -> PositionNews | None:
    """Tell a position after each trade of ours."""
    if not isinstance(message, Fill) or not asked.wants(message.ref.venue, message.ref.symbol):
        return None
    ref = message.ref
    line = position_lines(view).get((ref.venue, ref.account, ref.symbol))
    if line is None:
        return None
    return PositionNews(
        update_type="closed" if line.quantity == 0 else "changed",
        position=line,
        trade_id=message.trade_id,
        client_order_id=ref.client_order_id,
    )


def alerts(view: DeskView, asked: OfNews, message: Event) -> RiskAlert | None:
    """Tell what a trader wants to know at once: stops, refusals, disagreements, faults."""
    del asked
    words = view.words(message) if isinstance(message, _Alert) else None
    if words is None:
        return None
    severity, text = words
    return RiskAlert(
        alert_type=name_of(message),
        severity=severity,
        scope=message.scope if isinstance(message, _Switch) else "",
        message=text,
        time=instant(message.time_ms),
    )
