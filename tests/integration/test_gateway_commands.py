"""Kill and resume through the gateway: who may, who hears it, what is left when nobody answers."""

import logging
from pathlib import Path

import pytest

from opensqt.domain.clean_text import cleaned
from opensqt.domain.control import KillLatched
from opensqt.domain.subjects import KILL
from opensqt.runtime import latch
from opensqt.runtime.bus.port import Start, Stream
from opensqt.runtime.codec import decode
from services.gateway.config import GatewaySettings
from tests.conditions import until
from tests.stage import TOKEN, staged
from tests.visitors import RIGHT, visited

KLINGON = {"Content-Type": "application/json; charset=klingon"}


@pytest.mark.row("G07")
async def test_commands_need_the_token(tmp_path: Path) -> None:
    """Without the token, or with a wrong one, nobody hears of the command."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            for verb in ("kill", "resume"):
                status, answer = await visitor.post(verb, {}, dict(headers))
                assert (status, answer["ok"]) == (401, False)
        assert stage.heard == []
        assert (await visitor.get("/api/kill"))[0] == 405


@pytest.mark.row("G07")
async def test_without_a_token_file_nobody_commands(tmp_path: Path) -> None:
    """A gateway that knows no token refuses even an empty one."""
    async with staged(tmp_path) as stage, visited(stage, GatewaySettings()) as visitor:
        assert (await visitor.post("kill", {}, {"Authorization": "Bearer "}))[0] == 401
        assert stage.heard == []


async def test_a_kill_reaches_executors_and_bus_and_is_recorded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The executor hears scope, reason and actor; `ctl.kill` is published; the log names who asked for what."""
    caplog.set_level(logging.INFO)
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        status, answer = await visitor.post("kill", {"reason": "fire", "actor": "anna"}, RIGHT)
        assert (status, answer["ok"]) == (200, True)
        assert answer["detail"] == "executor-main: KILLED, 8 orders cancelled"
        words = {"scope": "desk", "reason": "fire", "actor": "anna"}
        ((verb, said),) = stage.heard
        assert (verb, said) == ("kill", {**words, "kill_id": said["kill_id"]})
        follower = await stage.house.bus.follow(Stream.FEED, [KILL], Start(sequence=1))
        async for delivery in follower:
            message = decode(delivery.data)
            assert isinstance(message, KillLatched)
            assert (message.reason, message.actor) == ("fire", "anna")
            assert message.kill_id == said["kill_id"] != ""
            break
        await until(lambda: visitor.gateway.look()["mode"]["mode"] == "KILLED")
        fields = [getattr(record, "fields", {}) for record in caplog.records]
        assert {"verb": "kill", **words} in fields
        assert (await visitor.post("resume", {"reason": "out"}, RIGHT))[0] == 200
        await until(lambda: visitor.gateway.look()["mode"]["mode"] == "NORMAL")


async def test_a_kill_is_latched_on_disk_when_no_executor_answers(tmp_path: Path) -> None:
    """A silent executor is named in the answer, and finds the latch when it starts."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        await stage.servers["executor-main"].close()
        status, answer = await visitor.post("kill", {"reason": "fire", "actor": "anna"}, RIGHT)
        assert (status, answer["ok"]) == (502, False)
        assert answer["detail"].startswith("executor-main did not answer")
        found = latch.read(tmp_path)
        assert found is not None
        assert (found.reason, found.actor) == ("fire", "anna")
        await until(lambda: visitor.gateway.look()["mode"]["mode"] == "KILLED")


async def test_a_kill_goes_by_the_bus_where_no_executor_can_be_asked(tmp_path: Path) -> None:
    """Without executors in `run.json` the kill is published and said to be; a resume is not pretended."""
    async with staged(tmp_path) as stage:
        stage.ports.clear()
        stage.write_run()
        async with visited(stage) as visitor:
            status, answer = await visitor.post("kill", {}, RIGHT)
            words = "no executor is known here; the kill is on the bus, nobody has confirmed it"
            assert (status, answer["ok"]) == (502, False)
            assert answer["detail"].startswith(words)
            status, answer = await visitor.post("resume", {}, RIGHT)
            assert (status, answer["ok"]) == (502, False)


async def test_an_unknown_scope_or_body_is_refused_with_the_fix(tmp_path: Path) -> None:
    """A misspelt strategy kills nobody, and the answer says what was expected."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        _, answer = await visitor.post("kill", {"scope": "strategy/typo"}, RIGHT)
        assert answer["detail"].startswith("strategy 'typo' is neither configured")
        assert (await visitor.post("resume", ["no"], RIGHT))[0] == 400
        assert stage.heard == []
        _, answer = await visitor.post("kill", {"scope": "strategy/carry"}, RIGHT)
        assert answer["ok"] is True


@pytest.mark.row("E10")
@pytest.mark.parametrize(
    "body",
    [
        b'{"reason":"\\ud800 panic"}',
        b'{"reason":"a\\u0000b"}',
        b'{"reason":"arr\xeat d\'urgence"}',
        b'{"reason":"' + b"x" * 10_000_000 + b'"}',
    ],
    ids=["surrogate", "NUL", "latin-1", "10 MB"],
)
async def test_a_kill_goes_through_whatever_its_reason(tmp_path: Path, body: bytes) -> None:
    """Executor, bus and file hear of it, in words that everybody takes."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        status, answer = await visitor.post_bytes("kill", body, RIGHT)
        assert (status, answer["ok"]) == (200, True)
        ((_, words),) = stage.heard
        assert words["reason"] == cleaned(words["reason"]) != ""
        assert latch.read(tmp_path) is not None
        await until(lambda: visitor.gateway.look()["mode"]["mode"] == "KILLED")


@pytest.mark.row("E10")
@pytest.mark.parametrize("body", [b"", b"fire!", b"[" * 100_000, b"{}"], ids=len)
async def test_a_kill_that_is_unclear_kills_the_desk_and_says_so(
    tmp_path: Path, body: bytes
) -> None:
    """Nothing, words that are no JSON, a nest without end, a charset that nobody knows: who may kill wants a kill."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        headers = RIGHT | (KLINGON if body == b"{}" else {})
        status, answer = await visitor.post_bytes("kill", body, headers)
        assert (status, answer["ok"]) == (200, True)
        assert answer["unclear"].endswith(": taken as a kill of the whole desk")
        ((_, words),) = stage.heard
        assert words["scope"] == "desk"
        assert latch.read(tmp_path) is not None


async def test_what_no_command_can_be_is_refused_and_nothing_is_published(tmp_path: Path) -> None:
    """A nest without end, an unknown charset, a token of other letters, a scope that is nobody's."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        assert (await visitor.post_bytes("resume", b"{}", RIGHT | KLINGON))[0] == 400
        assert (await visitor.post_bytes("resume", b"[" * 100_000, RIGHT))[0] == 400
        strange = {"Authorization": "Bearer tök\u00ean"}
        assert (await visitor.post_bytes("kill", b"{}", strange))[0] == 401
        for scope in ("carry", "strategy/typo", "desks", "strategy/"):
            status, answer = await visitor.post("kill", {"scope": scope}, RIGHT)
            assert (status, answer["ok"]) == (400, False), scope
        assert stage.heard == []
        assert latch.read(tmp_path) is None
        # Nothing stands on the bus before the first kill that is none of these.
        await visitor.post("kill", {"scope": "strategy/carry"}, RIGHT)
        follower = await stage.house.bus.follow(Stream.FEED, [KILL], Start(sequence=1))
        async for delivery in follower:
            message = decode(delivery.data)
            assert isinstance(message, KillLatched)
            assert message.scope == "strategy/carry"
            break


@pytest.mark.row("E10")
async def test_a_resume_names_the_kills_that_were_in_force_when_it_was_asked_for(
    tmp_path: Path,
) -> None:
    """It reaches no kill that comes behind it; a strategy that nobody has is released if it is killed."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        await visitor.post("kill", {}, RIGHT)
        (kill_id,) = stage.killed
        assert (await visitor.post("resume", {}, RIGHT))[0] == 200
        assert stage.heard[-1][1]["kill_ids"] == [kill_id]
        ghost = {"scope": "strategy/ghost"}
        assert (await visitor.post("resume", ghost, RIGHT))[0] == 400
        stage.statuses["executor-main"]["kill_ids"] = {"strategy/ghost": ["one"]}
        assert (await visitor.post("resume", ghost, RIGHT))[0] == 200
        assert stage.heard[-1][1]["kill_ids"] == ["one"]


async def test_who_was_killed_again_meanwhile_is_not_called_resumed(tmp_path: Path) -> None:
    """An executor that answers why it did not do it is quoted, and the answer is no success."""
    async with staged(tmp_path) as stage, visited(stage) as visitor:
        stage.refuses = "desk was killed again meanwhile (bob: real): it stays killed"
        status, answer = await visitor.post("resume", {}, RIGHT)
        assert (status, answer["ok"]) == (502, False)
        assert answer["detail"] == f"executor-main said: {stage.refuses}"


async def test_a_kill_that_was_released_is_not_shown_again_by_the_next_gateway(
    tmp_path: Path,
) -> None:
    """FEED's look-back holds the kill that the page said on the bus; only the journal throws a switch."""
    async with staged(tmp_path) as stage:
        async with visited(stage) as visitor:
            await visitor.post("kill", {}, RIGHT)
            await until(lambda: visitor.gateway.look()["mode"]["mode"] == "KILLED")
            await visitor.post("resume", {}, RIGHT)
            await until(lambda: visitor.gateway.look()["mode"]["mode"] == "NORMAL")
        async with visited(stage) as visitor:
            await until(lambda: visitor.gateway.look()["mode"]["mode"] == "NORMAL")
            assert visitor.gateway.look()["mode"]["kills"] == []


async def test_after_a_resume_the_page_no_longer_says_killed(tmp_path: Path) -> None:
    """What the executor said of itself before the command does not stand until it is asked the next time."""
    async with staged(tmp_path) as stage:
        stage.killed.append("kill-one")
        stage.statuses["executor-main"] |= {"killed": True, "kill_ids": {"desk": ["kill-one"]}}
        kill = KillLatched(scope="desk", reason="fire", actor="a", time_ms=1, kill_id="kill-one")
        await stage.record(kill)
        seldom = GatewaySettings(token_file=tmp_path / "token", ask_every_s=60.0)
        async with visited(stage, seldom) as visitor:
            await until(lambda: visitor.gateway.look()["processes"])
            assert visitor.gateway.look()["mode"]["mode"] == "KILLED"
            assert (await visitor.post("resume", {"reason": "out"}, RIGHT))[0] == 200
            await until(lambda: visitor.gateway.look()["mode"]["mode"] == "NORMAL")
