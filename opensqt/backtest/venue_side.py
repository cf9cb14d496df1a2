"""The venue of a run: one simulated exchange, its fees, and the funding that it pays at its boundaries."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial

import msgspec

from opensqt.backtest.agenda import Agenda, Rank
from opensqt.backtest.paper_terms import fee_asset_of, funding_of, simulated_venue
from opensqt.backtest.tables import RunData
from opensqt.domain.decimals import BPS, EXACT
from opensqt.domain.instruments import InstrumentRules, Market
from opensqt.domain.market import Funding
from opensqt.domain.venue import Refusal
from opensqt.runtime.config.all import Config, ConfigError
from opensqt.simulation.account_orders import VenueTerms
from opensqt.simulation.dialects.registry import dialect_entry
from opensqt.simulation.engine.exchange import Exchange
from opensqt.simulation.engine.funding import FundingTerms
from opensqt.simulation.engine.queue_position import QueueModel
from opensqt.simulation.engine.store import Store
from opensqt.venues.engine.response import VenueResponse
from opensqt.venues.policy import policy_of
from opensqt.venues.registry import dialect_of

BAD_REQUEST = 400
PLAYED = ("binance",)


def exchange_of(config: Config, data: RunData, agenda: Agenda) -> Exchange:
    """Return the exchange of a run, with the accounts of the configuration."""
    entry = dialect_entry(simulated_venue(config))
    exchange = Exchange(
        venue=entry.name,
        instruments=tuple(_with_fees(entry.listed(rules), config) for rules in data.instruments),
        clock=agenda,
        store=Store(),
        policy=entry.identity,
        fee_asset=fee_asset_of(config),
        conduct=entry.conduct,
        queue=QueueModel(config.backtest.queue.value),
    )
    exchange.open_accounts({name: one.balances for name, one in config.accounts.items()})
    return exchange


def terms_of(config: Config) -> VenueTerms:
    """Return how the venue speaks, and how its client reads a refusal; raise `ConfigError` for an unplayed one."""
    venue = simulated_venue(config)
    if venue not in PLAYED:
        raise ConfigError(
            f"venues.{venue}: a backtest plays {' or '.join(PLAYED)} only: wallets and refusals of other venues are"
            f" not simulated in it yet; name {PLAYED[0]} as the venue of the accounts"
        )
    dialect = dialect_of(venue)

    def read_refusal(market: Market, raw: bytes) -> Refusal | None:
        row = dialect.orders.said(VenueResponse(status=BAD_REQUEST, body=raw.decode()))
        return None if row is None else dialect.errors[market].refusals.get(row.name)

    return VenueTerms(
        policy=policy_of(venue, config.venues.get(venue)),
        dialect=dialect_entry(venue),
        read_refusal=read_refusal,
    )


def _with_fees(rules: InstrumentRules, config: Config) -> InstrumentRules:
    fees = config.backtest.fees.get(rules.symbol)
    if fees is None:
        return rules
    return msgspec.structs.replace(
        rules,
        maker_fee=EXACT.multiply(fees.maker_bps, BPS),
        taker_fee=EXACT.multiply(fees.taker_bps, BPS),
    )


class FundingPlan:
    """When each perpetual pays what: as files tell, else as the configuration does."""

    def __init__(
        self,
        config: Config,
        data: RunData,
        exchange: Exchange,
        agenda: Agenda,
        publish: Callable[[Funding], None],
    ) -> None:
        self._exchange, self._agenda, self._publish = exchange, agenda, publish
        self._terms, told = funding_of(config), data.funding
        self._rates: dict[str, Iterator[tuple[int, Decimal]]] = {}
        self._next: dict[str, tuple[int, Decimal]] = {}
        for rules in data.instruments:
            if rules.market is Market.PERP:
                symbol = rules.symbol
                self._rates[symbol] = iter(told[symbol]) if symbol in told else self._steady(symbol)

    def begin(self) -> None:
        """Plan the first boundary of each perpetual."""
        for symbol in self._rates:
            self._plan(symbol)

    def messages(self) -> list[Funding]:
        """Return what is known of the next payments now."""
        return [self._message(symbol) for symbol in self._next]

    def _steady(self, symbol: str) -> Iterator[tuple[int, Decimal]]:
        terms = self._terms.get(symbol, FundingTerms())
        boundary_ms = self._agenda.now_ms
        while True:
            boundary_ms = terms.next_ms(boundary_ms)
            yield boundary_ms, terms.rate

    def _plan(self, symbol: str) -> None:
        for time_ms, rate in self._rates[symbol]:
            if time_ms > self._agenda.now_ms:
                self._next[symbol] = (time_ms, rate)
                self._publish(self._message(symbol))
                self._agenda.at(time_ms, Rank.VENUE, partial(self._pay, symbol))
                return
        self._next.pop(symbol, None)

    def _pay(self, symbol: str) -> None:
        exchange, (_, rate) = self._exchange, self._next[symbol]
        exchange.settlement.now_ms = self._agenda.now_ms
        if exchange.settlement.marks[symbol] > 0:
            for account in exchange.settlement.accounts:
                exchange.settlement.pay_funding(account, symbol, rate)
            exchange.commit()
        self._plan(symbol)

    def _message(self, symbol: str) -> Funding:
        time_ms, rate = self._next[symbol]
        terms = self._terms.get(symbol, FundingTerms())
        return Funding(
            venue=self._exchange.settlement.venue,
            symbol=symbol,
            rate=rate,
            interval_hours=terms.interval_hours,
            next_funding_ms=time_ms,
            time_ms=self._agenda.now_ms,
        )
