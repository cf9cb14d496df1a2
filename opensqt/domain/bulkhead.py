"""Keeps an exception from reaching what can go on without the one who raised it. Never hides one."""

from types import TracebackType
from typing import Self


class Bulkhead:
    """Holds what was raised inside, `error`, but passes on the kinds that are not its business."""

    def __init__(self, *passed_on: type[Exception]) -> None:
        self.error: Exception | None = None
        self._passed_on = passed_on

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, Exception) and not isinstance(error, self._passed_on):
            self.error = error
        return self.error is not None
