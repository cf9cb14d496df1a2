"""What a desk records: each fact once, folded at once by all who hold books of it. It decides nothing."""

from collections.abc import Callable, Iterable

from opensqt.domain.ledger import Ledger
from opensqt.domain.messages import Event
from opensqt.execution.state import ExecutionState
from opensqt.risk.state import RiskState

Heard = Callable[[Event], None]


class DeskBooks:
    """The journal of a run as those see it who fold it: gate, executors, ledger, and whoever listens."""

    def __init__(self, accounts: Iterable[str]) -> None:
        self.position = 0
        self.risk = RiskState()
        self.execution = {name: ExecutionState(name) for name in accounts}
        self.ledger = Ledger()
        self.listeners: list[Heard] = []

    def record(self, *facts: Event) -> None:
        """Take in facts in their order."""
        for fact in facts:
            self.position += 1
            self.risk.fold(fact)
            for state in self.execution.values():
                state.fold(fact)
            self.ledger.fold(self.position, fact)
            for hear in self.listeners:
                hear(fact)

    def show(self, fact: Event) -> None:
        """Let the gate see what the market shows; nobody records that."""
        self.risk.fold(fact)
