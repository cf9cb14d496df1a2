"""A person's command goes on when nobody waits for its answer any more."""

import asyncio
from typing import Any

import pytest

from opensqt.runtime.actions import carried_out
from tests.conditions import until


@pytest.mark.row("E10")
async def test_what_takes_longer_than_its_answer_is_done_all_the_same() -> None:
    """Who asked hears that it is under way; it is not given up half way."""
    may_end, done = asyncio.Event(), []

    async def kill(words: dict[str, Any]) -> dict[str, Any]:
        await may_end.wait()
        done.append(words)
        return {"cancels": 3}

    said = await carried_out(kill, {"scope": "desk"}, within_s=0.01)
    assert said["why"].startswith("not done within")
    assert not done
    may_end.set()
    await until(lambda: done == [{"scope": "desk"}])


async def test_what_is_done_in_time_is_answered_and_its_fault_is_told() -> None:
    """The answer is the action's own; an error reaches whoever asked."""

    async def fails(_: dict[str, Any]) -> dict[str, Any]:
        raise LookupError("no such scope")

    async def answers(words: dict[str, Any]) -> dict[str, Any]:
        return words

    assert await carried_out(answers, {"a": 1}) == {"a": 1}
    with pytest.raises(LookupError, match="no such scope"):
        await carried_out(fails, {})
