"""What a strategy would meet on a market, told before it starts: prices, filters, costs. Pure."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

from opensqt.domain.decimals import BPS, EXACT, ONE, ZERO, canonical, ceil_to
from opensqt.domain.instruments import InstrumentRules, Side

CENT = Decimal("0.01")


class ExpectedFunding(msgspec.Struct, frozen=True, kw_only=True):
    """What a paper perpetual pays: a fraction of notional per interval."""

    rate: Decimal
    interval_hours: int


class FeeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """What an account pays its spot fees with while it holds enough; empty: the fee is taken of what is bought."""

    asset: str = ""
    price_quote: Decimal = ONE
    held: Decimal = ZERO


class MarketView(msgspec.Struct, frozen=True, kw_only=True):
    """The instruments of a market and the mid with which each begins (quote units), by symbol."""

    rules: Mapping[str, InstrumentRules]
    mids: Mapping[str, Decimal]
    fundings: Mapping[str, ExpectedFunding] = {}
    price_collar_bps: Decimal = Decimal(100)  # of risk
    fees: FeeTerms = FeeTerms()  # of the account that the strategy trades


class Prospect(msgspec.Struct, frozen=True, kw_only=True):
    """What settings mean: words and figures for people, and what stands against trading, a sentence each.

    `earns` is None where only the market can tell. Findings refuse a start; warnings tell of what can be started and
    will hardly ever trade on this market. Each begins with the setting that it is about.
    """

    text: str
    earns: bool | None = None
    figures: Mapping[str, str | None] = {}
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def break_even_bps(rules: InstrumentRules) -> Decimal:
    """Return the step that pays the maker fees of both sides: buy at p, sell at p(1+s), s = 2m / (1 - m)."""
    return 2 * rules.maker_fee / (1 - rules.maker_fee) / BPS


def least_quantity(price: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest order (base units) that the venue takes at a price."""
    wanted = max(EXACT.divide(rules.notional_min, price), rules.quantity_min)
    return ceil_to(wanted, rules.quantity_step)


def least_notional(price: Decimal, rules: InstrumentRules) -> Decimal:
    """Return the smallest order in quote units, rounded up to cents."""
    return (least_quantity(price, rules) * price).quantize(CENT, ROUND_CEILING)


def size_findings(market: MarketView, symbol: str, notional_quote: Decimal) -> Iterator[str]:
    """Yield why the venue would refuse orders of this size at the price with which the market begins."""
    rules, mid = market.rules[symbol], market.mids[symbol]
    price = rules.fit_price(mid, Side.BUY)
    broken = rules.refusal(price, rules.fit_quantity(EXACT.divide(notional_quote, price)))
    if broken:
        yield (
            f'order_notional_quote = "{notional_quote}": the venue refuses orders of {symbol} so small or large'
            f" ({broken}); expected at least {canonical(least_notional(price, rules))}"
        )


def rounded_up(number: Decimal) -> str:
    """Write a figure rounded up to cents: nothing that is needed is shown too low."""
    return canonical(number.quantize(CENT, ROUND_CEILING))


def rounded_down(number: Decimal) -> str:
    """Write a figure rounded down to cents: nothing that is earned is shown too high."""
    return canonical(number.quantize(CENT, ROUND_FLOOR))
