"""Risk without a bus: each intent gets its verdict at once, by the rules and limits of the gate. It places no order."""

from functools import cache

from opensqt.backtest.agenda import Agenda
from opensqt.backtest.desk_books import DeskBooks
from opensqt.domain.decimals import ONE
from opensqt.domain.grounds import StrategyLimits
from opensqt.domain.intent import Basis
from opensqt.domain.verdict import RiskApproved
from opensqt.risk.verdict import Intent, VerdictContext, judge
from opensqt.runtime.config.all import Config, config_hash
from opensqt.runtime.config.limits import limits_of

EPOCH = 1
FORGET_EVERY_MS = 1_000


class Gate:
    """The one gate of a run."""

    def __init__(self, config: Config, books: DeskBooks, agenda: Agenda) -> None:
        self._books, self._agenda = books, agenda
        self._config_version = config_hash(config)
        self._horizon_ms = max(one.valid_for_ms for one in config.strategies.values())
        self._risk = config.risk
        self._forgotten_ms = 0

        @cache
        def limits(strategy: str, symbol: str) -> StrategyLimits:
            return limits_of(config, ONE, strategy, symbol)

        self._limits = limits

    def ask(self, intent: Intent, basis: Basis) -> RiskApproved | None:
        """Judge an intent; return an approval to be carried out, record everything else."""
        state, now_ms = self._books.risk, self._agenda.now_ms
        seat = VerdictContext(
            epoch=EPOCH,
            config_version=self._config_version,
            basis=basis,
            opens_from_ms=0,
            rates=self._risk.rates,
            collateral_shares=self._risk.collateral_shares,
        )
        limits = self._limits(intent.strategy, intent.symbol)
        judgement = judge(state, intent, limits, seat, now_ms)
        verdict = judgement.verdict
        if not isinstance(verdict, RiskApproved):
            if not judgement.repeated:
                self._books.record(verdict)
            return None
        if not judgement.repeated:
            state.reserve(verdict)
        self._forget(now_ms)
        return verdict

    def _forget(self, now_ms: int) -> None:
        if now_ms >= self._forgotten_ms + FORGET_EVERY_MS:
            self._forgotten_ms = now_ms
            self._books.risk.forget(now_ms - self._horizon_ms)
