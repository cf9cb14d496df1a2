"""What a replay comes to, and by which code it was made."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path

import msgspec

import opensqt
from opensqt.replay.controls import Control
from opensqt.replay.judging import Difference
from opensqt.replay.replaying import ReplayedRun
from opensqt.runtime.code_version import code_version

LOCK = Path("requirements") / "runtime.txt"


class ReplayOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """All spans and both controls; `unplaced` counts intents of runs whose beginning the journal does not tell."""

    spans: tuple[ReplayedRun, ...]
    unplaced: int
    controls: tuple[Control, ...]

    @property
    def intents(self) -> int:
        """How many recorded intents were asked for."""
        return self.unplaced + sum(span.verdict.intents for span in self.spans)

    @property
    def unverifiable(self) -> int:
        """How many of them nobody can decide again, as their input is lost."""
        return self.unplaced + sum(span.verdict.unverifiable for span in self.spans)

    @property
    def differences(self) -> int:
        """How many decisions are not what is recorded."""
        return sum(len(span.verdict.differences) for span in self.spans)

    @property
    def first(self) -> Difference | None:
        """The first difference, run after run."""
        return next((one for span in self.spans for one in span.verdict.differences), None)

    @property
    def controls_differ(self) -> bool:
        """Whether everything was noticed that was changed on purpose."""
        return bool(self.controls) and all(control.differs for control in self.controls)

    @property
    def holds(self) -> bool:
        """Whether record and code agree, and a disagreement would have been seen."""
        return self.intents > self.unverifiable and not self.differences and self.controls_differ

    @property
    def words(self) -> str:
        """The verdict in one line."""
        counted = f"{self.intents} intents, {self.differences} differences, {self.unverifiable} unverifiable"
        if not self.intents:
            return "replay: nothing is recorded there, so nothing is proved"
        if self.intents == self.unverifiable:
            return f"replay: {counted}: the feed of none of them is archived, so nothing is proved"
        if not self.controls_differ:
            return f"replay: WORTHLESS, a change on purpose was not noticed ({counted})"
        return f"replay: {'holds' if self.holds else 'DIFFERS'}: {counted}"

    def line(self) -> dict[str, object]:
        """Return the verdict for scripts."""
        return {
            "intents": self.intents,
            "differences": self.differences,
            "unverifiable": self.unverifiable,
            "unanswered": sum(span.verdict.unanswered for span in self.spans),
            "unrecorded": sum(span.verdict.unrecorded for span in self.spans),
            "controls_differ": self.controls_differ,
            "holds": self.holds,
        }


def pins() -> dict[str, str]:
    """Return by which code, packages and Python this process decides."""
    return {
        "code": code_version(),
        "lock_sha256": _lock_hash(),
        "python": platform.python_version(),
    }


def _lock_hash() -> str:
    """Return the SHA-256 of the lock file, or of what is installed where no lock file lies beside the package."""
    path = Path(opensqt.__file__).parent.parent / LOCK
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    installed = sorted(f"{one.name}=={one.version}" for one in metadata.distributions())
    return hashlib.sha256("\n".join(installed).encode()).hexdigest()
