"""ExchangeService, looking: accounts as the books and the venue show them, and what its markets say. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from opensqt.api.codes import CallRefused, Code
from opensqt.api.exchange_shapes import (
    AccountReply,
    BalanceLine,
    BalanceReply,
    ExchangeInfoReply,
    FundingLine,
    FundingReply,
    NameReply,
    OfAccountSymbol,
    OfAsset,
    OfVenueOrder,
    PriceReply,
    SymbolInfo,
    SymbolsReply,
    TypeReply,
)
from opensqt.api.lines import open_orders, order_line, our_id, place_of, position_lines
from opensqt.api.requests import (
    OfAccount,
    OfSymbol,
    OfSymbols,
    OpenOrdersReply,
    OrderLine,
    PositionsReply,
)
from opensqt.api.view import DeskView
from opensqt.api.worth import Account, account_of, equity, rate_of, wallet_worth
from opensqt.domain.decimals import EXACT, ZERO
from opensqt.domain.instruments import InstrumentRules, market_of
from opensqt.domain.market import Funding
from opensqt.domain.profit import total
from opensqt.runtime.projection.tables import instant, tidied


def get_name(view: DeskView, asked: OfAccount) -> NameReply:
    """Return the venue of an account."""
    venue, name = account_of(view, asked.account)
    return NameReply(name=venue, account=name)


def get_type(view: DeskView, asked: OfAccount) -> TypeReply:
    """Return which markets an account trades."""
    account = account_of(view, asked.account)
    symbols = (
        symbol
        for one in view.config.strategies.values()
        if one.account == account[1]
        for symbol in one.symbols
    )
    types = sorted({market_of(symbol).value for symbol in symbols})
    wallets = {key[2] for key in view.books.wallets if key[:2] == account}
    return TypeReply(
        types=tuple(types), is_unified_margin=not wallets & set(types) if wallets else None
    )


def get_order(view: DeskView, asked: OfVenueOrder) -> OrderLine:
    """Return an order by one of its ids."""
    if not (asked.client_order_id or asked.venue_order_id):
        raise CallRefused(Code.INVALID, "expected client_order_id or venue_order_id")
    name = asked.client_order_id or our_id(view.books, asked.venue_order_id)
    line = order_line(view.books, name)
    if asked.account and line.account != asked.account:
        raise CallRefused(Code.NOT_FOUND, f"no order {name!r} in account {asked.account}")
    return line


def get_open_orders(view: DeskView, asked: OfAccountSymbol) -> OpenOrdersReply:
    """Return what may still fill."""
    lines = (order_line(view.books, one.client_order_id) for one in open_orders(view.books))
    return OpenOrdersReply(
        orders=tuple(one for one in lines if _is_of(asked, one.account, one.symbol))
    )


def get_positions(view: DeskView, asked: OfAccountSymbol) -> PositionsReply:
    """Return net positions."""
    lines = position_lines(view).values()
    return PositionsReply(
        positions=tuple(one for one in lines if _is_of(asked, one.account, one.symbol))
    )


def get_account(view: DeskView, asked: OfAccount) -> AccountReply:
    """Return what an account holds and is worth."""
    account = account_of(view, asked.account)
    balances = tuple(_balances(view, account))
    free = [
        None
        if one.free is None or (rate := rate_of(view, account[0], one.asset)) is None
        else EXACT.multiply(one.free, rate)
        for one in balances
    ]
    return AccountReply(
        venue=account[0],
        account=account[1],
        currency=view.risk().currency,
        total_wallet_balance=wallet_worth(view, account),
        total_margin_balance=equity(view, account),
        available_balance=total(free),
        leverage=view.config.accounts[account[1]].leverage,
        balances=balances,
        positions=get_positions(view, OfAccountSymbol(account=account[1])).positions,
    )


def get_balance(view: DeskView, asked: OfAsset) -> BalanceReply:
    """Return what is held of an asset."""
    account = account_of(view, asked.account)
    held = tuple(
        one
        for one in _balances(view, account)
        if one.asset == asked.asset and asked.wallet in ("", one.wallet)
    )
    if not held:
        known = ", ".join(sorted({one.asset for one in _balances(view, account)})) or "none"
        raise CallRefused(Code.NOT_FOUND, f"asset {asked.asset!r}: the account has {known}")
    balance = sum((one.total for one in held), ZERO)
    return BalanceReply(asset=asked.asset, balance=balance, wallets=held)


def get_latest_price(view: DeskView, asked: OfSymbol) -> PriceReply:
    """Return the price of now."""
    place = place_of(view, asked.symbol, asked.venue)
    price = view.quotes.prices().get(place)
    if price is None:
        raise CallRefused(Code.UNAVAILABLE, f"no price of {asked.symbol} was heard yet")
    tick = view.quotes.ticks.get(place)
    times = [one.time_ms for one in (tick, view.quotes.marks.get(place)) if one is not None]
    return PriceReply(
        venue=place[0],
        symbol=place[1],
        price=price,
        bid=tick.bid_price if tick else None,
        ask=tick.ask_price if tick else None,
        time=instant(max(times)) if times else None,
    )


def get_exchange_info(view: DeskView, asked: OfSymbols) -> ExchangeInfoReply:
    """Return the rules of all symbols; market_data reads them again and again by itself."""
    known = sorted(view.quotes.rules.items())
    return ExchangeInfoReply(
        symbols=tuple(_info(rules) for place, rules in known if asked.wants(*place))
    )


def get_symbol_info(view: DeskView, asked: OfSymbol) -> SymbolInfo:
    """Return the rules of one symbol."""
    rules = view.quotes.rules.get(place_of(view, asked.symbol, asked.venue))
    if rules is None:
        raise CallRefused(Code.UNAVAILABLE, f"the rules of {asked.symbol} were not heard yet")
    return _info(rules)


def get_symbols(view: DeskView, asked: OfSymbols) -> SymbolsReply:
    """Return the names of the symbols that the desk knows."""
    return SymbolsReply(
        symbols=tuple(
            sorted({symbol for at, symbol in view.quotes.rules if asked.wants(at, symbol)})
        )
    )


def get_funding_rate(view: DeskView, asked: OfSymbol) -> FundingLine:
    """Return the funding of one perpetual."""
    funding = view.quotes.fundings.get(place_of(view, asked.symbol, asked.venue))
    if funding is None:
        raise CallRefused(Code.NOT_FOUND, f"no funding of {asked.symbol} was heard")
    return funding_line(funding)


def get_funding_rates(view: DeskView, asked: OfSymbols) -> FundingReply:
    """Return the funding of every perpetual."""
    known = sorted(view.quotes.fundings.items())
    return FundingReply(
        rates=tuple(funding_line(one) for place, one in known if asked.wants(*place))
    )


def funding_line(funding: Funding) -> FundingLine:
    """Return the line of a funding."""
    return FundingLine(
        venue=funding.venue,
        symbol=funding.symbol,
        rate=funding.rate,
        interval_hours=funding.interval_hours,
        next_funding_time=instant(funding.next_funding_ms),
        time=instant(funding.time_ms),
    )


def _is_of(asked: OfAccountSymbol, account: str, symbol: str) -> bool:
    return asked.account in ("", account) and asked.symbol in ("", symbol)


def _balances(view: DeskView, account: Account) -> Iterator[BalanceLine]:
    seen = view.seen.snapshots.get(account)
    shown = seen.snapshot.balances if seen is not None else ()
    free = {(one.wallet, one.asset): one.free for one in shown}
    for (venue, name, wallet, asset), held in sorted(view.books.wallets.items()):
        if (venue, name) == account:
            yield BalanceLine(
                wallet=wallet, asset=asset, total=held.total, free=free.get((wallet, asset))
            )


def _info(rules: InstrumentRules) -> SymbolInfo:
    return SymbolInfo(
        venue=rules.venue,
        symbol=rules.symbol,
        venue_symbol=rules.venue_symbol,
        market=rules.market.value,
        base_asset=rules.base,
        quote_asset=rules.quote,
        tick_size=rules.tick_size,
        step_size=rules.quantity_step,
        price_precision=_precision(rules.tick_size),
        quantity_precision=_precision(rules.quantity_step),
        min_quantity=rules.quantity_min,
        max_quantity=rules.quantity_max,
        min_notional=rules.notional_min,
        maker_fee=rules.maker_fee,
        taker_fee=rules.taker_fee,
    )


def _precision(step: Decimal) -> int:
    exponent = tidied(step).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
