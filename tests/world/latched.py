"""Which kills hold, as the judge of a World counts them in the journal: by identity, with no fold of ours."""

from opensqt.domain.control import KillLatched, KillReleased


class Latched:
    """Kills that were recorded, and those that a release named."""

    def __init__(self) -> None:
        self.ever: set[str] = set()
        self.over: set[str] = set()
        self.ended: set[str] = set()  # of these, also what a backup forgot

    def forget(self) -> None:
        """Forget what a restored journal has forgotten; what was ended once is no news."""
        self.ever, self.over = set(), set()

    @property
    def in_force(self) -> set[str]:
        """The kills that nobody has released."""
        return self.ever - self.over

    def take(self, fact: KillLatched | KillReleased) -> None:
        """Count a kill or a release."""
        if isinstance(fact, KillLatched):
            self.ever.add(fact.kill_id)
        else:
            self.over.update(fact.kill_ids)
            self.ended.update(fact.kill_ids)
