"""Named steps around every effect, so that a test can kill or pause a process between any two of them.

Never changes what an effect does; both are refused outside profile paper and tests.
"""

import inspect
import os
import signal
import typing
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

CRASH_AT = "OPENSQT_CRASH_AT"  # SIGKILL
PAUSE_AT = "OPENSQT_PAUSE_AT"  # SIGSTOP: somebody else lets it go on

_Port = TypeVar("_Port")


class CrashRefused(RuntimeError):
    """A crash was asked for where real money may be at stake, or with a count that is none."""


class _Point:
    """One `step[:n]` and what happens at its n-th time (the first by default)."""

    def __init__(self, variable: str, wanted: str, act: Callable[[], None]) -> None:
        self._step, _, count = wanted.partition(":")
        if count and not (count.isdecimal() and int(count) > 0):
            raise CrashRefused(f"{variable}={wanted}: {count!r} is no count, expected step[:n]")
        self._left = int(count or 1)
        self._act = act

    def reach(self, step: str) -> None:
        if step == self._step:
            self._left -= 1
            if self._left == 0:
                self._act()


class CrashPoints:
    """The steps of one service; die at `crash_at`, stand still at `pause_at`, both `step[:n]`."""

    def __init__(
        self,
        service: str,
        *,
        crash_at: str = "",
        pause_at: str = "",
        may_crash: bool = False,
        die: Callable[[], None] | None = None,
    ) -> None:
        wanted = {CRASH_AT: crash_at, PAUSE_AT: pause_at}
        acts = {CRASH_AT: die or _kill_myself, PAUSE_AT: _pause_myself}
        for variable, step in wanted.items():
            if step and not may_crash:
                raise CrashRefused(
                    f"{variable}={step} is refused outside profile paper and tests: unset it"
                )
        self.service = service
        self._points = [_Point(name, wanted[name], acts[name]) for name in wanted if wanted[name]]
        self.passed: dict[str, int] = {}

    def reach(self, step: str) -> None:
        """Pass a named step; the process may die or be paused here."""
        self.passed[step] = self.passed.get(step, 0) + 1
        for point in self._points:
            point.reach(step)


def stepped(port: _Port, protocol: Any, steps: CrashPoints) -> _Port:
    """Return the port with every public async method of its protocol between two steps.

    What is itself a port is wrapped too: the result of a method (a queue of a bus), and a property (the urgent side of
    a venue), whose steps have the names of its own port. Everything else is passed through.
    """
    proxy: Any = _Stepped(port, protocol, steps)
    result: _Port = proxy
    return result


def all_steps(service: str, *protocols: Any) -> tuple[str, ...]:
    """Return the name of every step of a service that has these ports, in order of the alphabet."""
    names: set[str] = set()
    pending = list(protocols)
    while pending:
        protocol = pending.pop()
        for method in _methods(protocol):
            effect = f"{service}.{_port_name(protocol)}.{method}"
            names.update((f"{effect}.before", f"{effect}.after"))
            inner = _inner(protocol, method)
            if inner is not None:
                pending.append(inner)
    return tuple(sorted(names))


class _Stepped:
    def __init__(self, port: object, protocol: Any, steps: CrashPoints) -> None:
        self._port = port
        self._steps = steps
        self._sides = _sides(protocol)
        for method in _methods(protocol):
            effect = f"{_port_name(protocol)}.{method}"
            call = _wrap(getattr(port, method), effect, _inner(protocol, method), steps)
            setattr(self, method, call)

    def __getattr__(self, name: str) -> object:
        value: Any = getattr(self._port, name)
        if name not in self._sides:
            return value
        side = stepped(value, self._sides[name], self._steps)
        setattr(self, name, side)
        return side


def _wrap(
    call: Callable[..., Awaitable[Any]], effect: str, inner: Any, steps: CrashPoints
) -> Callable[..., Awaitable[Any]]:
    before, after = (f"{steps.service}.{effect}.{side}" for side in ("before", "after"))

    async def between(*args: Any, **kwargs: Any) -> Any:
        steps.reach(before)
        result = await call(*args, **kwargs)
        steps.reach(after)
        return result if inner is None else stepped(result, inner, steps)

    return between


def _methods(protocol: Any) -> list[str]:
    return [
        name
        for port in protocol.__mro__
        for name, value in vars(port).items()
        if not name.startswith("_") and inspect.iscoroutinefunction(value)
    ]


def _inner(protocol: Any, method: str) -> Any:
    return _port_from(getattr(protocol, method))


def _sides(protocol: Any) -> dict[str, Any]:
    """Return the properties of a port that are ports, each with its protocol."""
    found = {
        name: _port_from(value.fget)
        for port in protocol.__mro__
        for name, value in vars(port).items()
        if isinstance(value, property)
    }
    return {name: side for name, side in found.items() if side is not None}


def _port_from(call: Any) -> Any:
    """Return the protocol of the port that a call returns; None where that is no port."""
    result = typing.get_type_hints(call).get("return")
    # A follower only reads; what it yields is no effect of ours.
    is_port = getattr(result, "_is_protocol", False) and not hasattr(result, "__aiter__")
    return result if is_port else None


def _port_name(protocol: Any) -> str:
    name: str = protocol.__name__
    return name.lower()


def _kill_myself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _pause_myself() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)
