"""What people are told at night: a real gateway on scripted facts, and receivers that answer, fail, hang and die."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from opensqt.cli.main import main
from opensqt.desk.config_default import derive
from opensqt.domain.control import AlertDelivery, KillLatched, KillReleased
from opensqt.domain.recon_events import Discrepancy, DiscrepancyKind, Halted
from opensqt.runtime.alerts.terms import AlertTerms
from opensqt.runtime.codec import decode
from opensqt.runtime.config.alerts import AlertConfig, AlertKind
from opensqt.runtime.config.all import Config
from services.gateway.alert_desk import LEASE
from services.gateway.config import GatewaySettings
from services.gateway.service import Gateway
from tests.conditions import stays, until
from tests.receivers import AlertReceiver, ReceiverAnswer
from tests.stage import SYMBOLS, Stage, paper_config, staged

CANARY = "/hook/canary-hook-93ab"
TOKEN = "canary-bearer-77cd"
QUICK = AlertTerms(
    look_every_s=0.02,
    gone_s=0.1,
    attempt_s_max=30.0,
    retry_s=0.05,
    retry_s_max=0.1,
    attempts_max=3,
    failed_s=0.2,
    lease_ms=300,
)
SHORT = msgspec.structs.replace(QUICK, attempt_s_max=0.5)


def _config(folder: Path, addresses: Mapping[str, str]) -> Config:
    """Return a paper desk that tells these addresses, whose secrets are in files."""
    channels = {}
    (folder / "bearer").write_text(TOKEN, encoding="utf-8")
    for name, address in addresses.items():
        (folder / f"url-{name}").write_text(address + CANARY + "\n", encoding="utf-8")
        channels[name] = AlertConfig(
            kind=AlertKind.WEBHOOK,
            url=f"file:{folder}/url-{name}",
            token=f"file:{folder}/bearer",
            messages_per_minute_max=60,
        )
    return msgspec.structs.replace(paper_config(), alerts=channels)


@asynccontextmanager
async def _telling(
    stage: Stage, addresses: Mapping[str, str], terms: AlertTerms = QUICK
) -> AsyncIterator[Gateway]:
    settings = GatewaySettings(
        token_file=stage.folder / "token",
        delta_every_s=0.05,
        ask_every_s=0.05,
        retry_s=0.05,
        silence_s_max=1.0,
        alerts=terms,
    )
    async with stage.gateway(settings, _config(stage.folder, addresses)) as gateway:
        yield gateway


async def _deliveries(stage: Stage) -> list[AlertDelivery]:
    rows = await stage.house.journal.read(0, 1000)
    found = (decode(row.data) for row in rows)
    return [one for one in found if isinstance(one, AlertDelivery)]


def _kill(name: str, reason: str = "seen <!channel> twice") -> KillLatched:
    return KillLatched(scope="desk", reason=reason, actor="bob", time_ms=1, kill_id=name)


@pytest.mark.row("E17")
async def test_a_kill_is_told_once_whatever_restarts_and_its_end_is_told(tmp_path: Path) -> None:
    """One message says it; the record is in the journal, and who begins anew from that says nothing again."""
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        async with _telling(stage, {"night": receiver.url}):
            await stage.record(_kill("kill-one"))
            await until(lambda: receiver.keys == [("raised", "Killed desk kill-one")])
            (said,) = receiver.taken
            assert said["desk"] == "paper"
            assert "PAGE Killed desk kill-one: killed by bob: seen" in said["text"]
            assert receiver.headers[0]["Authorization"] == f"Bearer {TOKEN}"
            await until(lambda: _some(stage, 1))
        (record,) = await _deliveries(stage)
        assert (record.channel, record.outcome, record.attempts) == ("night", "delivered", 1)
        assert record.raised == ("Killed desk kill-one",)
        async with _telling(stage, {"night": receiver.url}):
            halted = Halted(scope="desk", mode="REDUCING", reason="drift", time_ms=2)
            await stage.record(halted)
            await until(lambda: len(receiver.taken) == 2)
            assert receiver.keys[1:] == [("raised", "DeskHalted desk")]
            release = KillReleased(
                scope="desk", reason="seen", actor="bob", time_ms=3, kill_ids=("kill-one",)
            )
            await stage.record(release)
            await until(lambda: ("over", "Killed desk kill-one") in receiver.keys)
            # One more kill is another one, however soon it comes.
            await stage.record(_kill("kill-two"))
            await until(lambda: ("raised", "Killed desk kill-two") in receiver.keys)


async def _some(stage: Stage, count: int) -> bool:
    return len(await _deliveries(stage)) == count


@pytest.mark.row("E17")
async def test_errors_are_tried_again_as_asked_and_the_delivery_is_recorded(tmp_path: Path) -> None:
    """After a 500 and a 429 the third attempt is taken, no sooner than the other end asked; there is one record."""
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        receiver.next.extend(
            (ReceiverAnswer(status=500), ReceiverAnswer(status=429, headers={"Retry-After": "1"}))
        )
        async with _telling(stage, {"night": receiver.url}):
            await stage.record(_kill("kill-one"))
            await until(lambda: len(receiver.taken) == 1)
            await until(lambda: _some(stage, 1))
        assert receiver.times_s[2] - receiver.times_s[1] >= 1.0
        (record,) = await _deliveries(stage)
        assert (record.outcome, record.attempts, record.detail) == ("delivered", 3, "")


@pytest.mark.row("E17")
async def test_what_happens_while_a_channel_fails_goes_into_the_next_message(
    tmp_path: Path,
) -> None:
    """A burst is no burst of messages; what ended meanwhile is not told at all."""
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        receiver.next.append(ReceiverAnswer(status=503, headers={"Retry-After": "1"}))
        async with _telling(stage, {"night": receiver.url}):
            await stage.record(_kill("kill-one"))
            await until(lambda: len(receiver.told) == 1)
            release = KillReleased(
                scope="desk", reason="seen", actor="bob", time_ms=3, kill_ids=("kill-one",)
            )
            await stage.record(release, *_drifts(stage, 30))
            await until(lambda: len(receiver.keys) == 30)
            assert {key.partition(" ")[0] for _, key in receiver.keys} == {"Discrepancy"}
            told = len(receiver.told)
            assert told < 10
            # They have happened: nobody is told that they were over.
            assert await stays(lambda: len(receiver.told) == told, for_s=0.5)


def _drifts(stage: Stage, count: int) -> list[Discrepancy]:
    return [
        Discrepancy(
            kind=DiscrepancyKind.BALANCE,
            venue="binance",
            account="main",
            symbol="",
            subject="USDT",
            expected=str(number),
            observed="0",
            evidence_hash="",
            detail="",
            time_ms=stage.house.clock.market_ms(),
        )
        for number in range(count)
    ]


@pytest.mark.row("E17")
async def test_a_channel_that_hangs_delays_neither_the_others_nor_a_kill(tmp_path: Path) -> None:
    """While one channel waits for its first answer, the other hears everything and a person's kill is confirmed."""
    async with (
        staged(tmp_path) as stage,
        AlertReceiver(hangs=True).open() as stuck,
        AlertReceiver().open() as fine,
        _telling(stage, {"stuck": stuck.url, "fine": fine.url}) as gateway,
    ):
        await stage.record(Halted(scope="desk", mode="REDUCING", reason="drift", time_ms=2))
        await until(lambda: len(stuck.told) == 1)
        await until(lambda: fine.keys == [("raised", "DeskHalted desk")])
        answer = await gateway.order("kill", "desk", "a test", "bob")
        assert answer["ok"], answer
        await until(lambda: any(key.startswith("Killed") for _, key in fine.keys))
        assert len(stuck.told) == 1


@pytest.mark.row("E17")
async def test_who_does_not_answer_or_is_gone_is_recorded_and_shown(tmp_path: Path) -> None:
    """A failure stands in the journal after so many attempts, and on the page at once."""
    async with staged(tmp_path) as stage, AlertReceiver(hangs=True).open() as stuck:
        async with AlertReceiver().open() as dead:
            gone = dead.url
        async with _telling(stage, {"stuck": stuck.url, "gone": gone}, SHORT) as gateway:
            await stage.record(_kill("kill-one"))
            await until(lambda: _failed(stage, {"stuck", "gone"}))
            troubles = [one["text"] for one in gateway.look()["troubles"]]
            assert "alerts do not reach stuck: no answer within 0.5 s" in troubles
            assert "alerts do not reach gone: no connection: ClientConnectorError" in troubles
        failed = [one for one in await _deliveries(stage) if one.outcome == "failed"]
        assert {one.attempts % 3 for one in failed} == {0}


async def _failed(stage: Stage, channels: set[str]) -> bool:
    found = await _deliveries(stage)
    return channels == {one.channel for one in found if one.outcome == "failed"}


@pytest.mark.row("E17")
async def test_a_refusal_for_good_is_recorded_at_once_and_heals_with_the_secret(
    tmp_path: Path,
) -> None:
    """A 403 is not hammered at; a replaced file counts without a restart."""
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        receiver.next.append(ReceiverAnswer(status=403))
        async with _telling(stage, {"night": receiver.url}):
            await stage.record(_kill("kill-one"))
            await until(lambda: _some(stage, 1))
            fresh = stage.folder / "fresh"
            fresh.write_text(receiver.url + "/another", encoding="utf-8")
            fresh.rename(stage.folder / "url-night")
            await until(lambda: receiver.paths == [CANARY, "/another"])
            await until(lambda: _some(stage, 2))
        first, second = await _deliveries(stage)
        assert (first.outcome, first.attempts, first.detail) == ("failed", 1, "status 403")
        assert second.outcome == "delivered"


@pytest.mark.row("E17")
async def test_of_several_gateways_one_speaks(tmp_path: Path) -> None:
    """While another one holds the lease this one is silent; when that one is gone it tells what is the case."""
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        held = await stage.house.leases.acquire(LEASE, "gateway@elsewhere", 60_000)
        assert held is not None
        async with _telling(stage, {"night": receiver.url}):
            await stage.record(_kill("kill-one"))
            assert await stays(lambda: not receiver.told, for_s=0.5)
            await stage.house.leases.release(held)
            await until(lambda: len(receiver.taken) == 1)


@pytest.mark.row("E17", "H06")
async def test_no_secret_of_a_channel_is_shown_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log line, a metric, the journal, the page or a status, while channels fail in every way."""
    caplog.set_level(logging.DEBUG)
    async with staged(tmp_path) as stage, AlertReceiver().open() as receiver:
        async with AlertReceiver().open() as dead:
            gone = dead.url
        receiver.next.extend(ReceiverAnswer(status=status) for status in (404, 500, 302))
        bad = {"night": receiver.url, "gone": gone, "wrong": "ftp://nobody"}
        async with _telling(stage, bad) as gateway:
            await stage.record(_kill("kill-one"))
            await until(lambda: len(receiver.taken) == 1)
            await until(lambda: _failed(stage, {"night", "gone", "wrong"}))
            shown: list[Any] = [gateway.look(), gateway.status(), await _deliveries(stage)]
            shown += [vars(record) for record in caplog.records]
            address = f"http://127.0.0.1:{gateway.web.port}/metrics"
            async with aiohttp.ClientSession() as session, session.get(address) as reply:
                metrics = await reply.text()
        assert 'opensqt_alert_messages_total{channel="gone",outcome="failed"}' in metrics
        shown.append(metrics)
        assert [canary for canary in (CANARY, TOKEN) if canary in str(shown)] == []


@pytest.mark.row("E17")
async def test_the_command_tells_which_channels_can_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each gets one message and a line; one that cannot be reached makes the exit code 1."""
    async with AlertReceiver().open() as receiver:
        (tmp_path / "url").write_text(receiver.url, encoding="utf-8")
        channels = "".join(
            f'[alerts.{name}]\nkind = "webhook"\nurl = "file:{tmp_path}/{file}"\n'
            for name, file in (("good", "url"), ("bad", "nothing"))
        )
        text = derive(SYMBOLS, market="synthetic:7") + channels
        (tmp_path / "opensqt.toml").write_text(text, encoding="utf-8")
        words = ["notify", "--json", "--data", str(tmp_path), "test"]
        assert await asyncio.to_thread(main, words) == 1
    good, bad = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (good["name"], good["ok"], receiver.keys) == ("good", True, [("raised", "Test channel")])
    assert (bad["name"], bad["ok"]) == ("bad", False)
    assert "cannot be read" in bad["detail"]
