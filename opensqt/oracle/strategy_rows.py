"""The newest run of each strategy and the newest step of each two-leg trade, as the journal tells them."""

from opensqt.domain.strategy_events import (
    AnchorSet,
    SagaStep,
    StrategyFaulted,
    StrategyFlattened,
    StrategyNote,
    StrategyStarted,
)
from opensqt.oracle.tables import Row, moment


class StrategyRows:
    """Hears what strategies say about themselves."""

    def __init__(self) -> None:
        self._runs: dict[str, Row] = {}
        self._sagas: dict[tuple[str, str], Row] = {}

    def hear(self, message: StrategyNote) -> None:
        """Take in what a strategy says."""
        match message:
            case StrategyStarted(strategy=name):
                versions = (message.config_hash, message.code_version, message.state_fingerprint)
                self._runs[name] = (name, message.run, *versions, "", moment(message.time_ms))
            case StrategyFaulted(strategy=name):
                run = self._run(name)
                self._runs[name] = (*run[:5], message.error, run[6])
            case AnchorSet(strategy=name):
                self._runs[name] = self._run(name)
            case SagaStep():
                key = (message.strategy, message.saga_id)
                legs = (message.spot_quantity, message.perp_quantity)
                end = (message.detail, moment(message.time_ms))
                self._sagas[key] = (*key, message.step, *legs, *end)
            case StrategyFlattened():
                pass

    def rows(self) -> dict[str, set[Row]]:
        """Return the rows of strategies and sagas."""
        return {"strategies": set(self._runs.values()), "sagas": set(self._sagas.values())}

    def _run(self, name: str) -> Row:
        return self._runs.get(name) or (name, 0, "", "", "", "", moment(0))
