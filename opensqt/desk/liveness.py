"""When a process that still runs must be ended: its loops stand still, it says nothing, or it is unready for too long.

Pure: it is told every answer and the time, and kills nobody.
"""

from opensqt.desk.readiness import ReadinessAnswer

STANDING_MAX = 3  # answers in a row: a machine that slept makes every loop look old once
SILENT_S_MAX = 30.0


class LivenessWatch:
    """What one process has answered since its start."""

    def __init__(self, unready_s_max: float = 0.0) -> None:
        self._unready_s_max = unready_s_max
        self._standing = 0
        self._heard_s: float | None = None  # None until it has answered
        self._ready_s: float | None = None  # None until it was ready

    def judge(self, answer: ReadinessAnswer, now_s: float) -> str:
        """Take in an answer; say why the process must be ended, or nothing."""
        self._standing = self._standing + 1 if answer.standing else 0
        if answer.heard:
            self._heard_s = now_s
        if answer.ready:
            self._ready_s = now_s
        if self._standing >= STANDING_MAX:
            return answer.standing
        if self._heard_s is not None and now_s - self._heard_s > SILENT_S_MAX:
            return f"no answer for {now_s - self._heard_s:.0f} s"
        unready_s = 0.0 if self._ready_s is None else now_s - self._ready_s
        if self._unready_s_max and unready_s > self._unready_s_max:
            return f"not ready for {unready_s:.0f} s: {answer.why}"
        return ""
