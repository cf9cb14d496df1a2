"""Alerts of a shipped desk: one channel hangs for the whole run, the other is told of a kill once, and orders go on."""

from pathlib import Path

import pytest

from opensqt.desk.config_default import derive
from tests.conditions import until
from tests.e2e.desk import Desk, Line
from tests.receivers import AlertReceiver

pytestmark = pytest.mark.timeout(240)
CHANNELS = """
[alerts.stuck]
kind = "webhook"
url = "env:STUCK_URL"
[alerts.night]
kind = "webhook"
url = "env:NIGHT_URL"
severity_min = "page"
"""


async def _acknowledged(desk: Desk) -> list[Line]:
    return await desk.verb("events", "--type", "Accepted")


@pytest.mark.row("E17")
async def test_a_kill_is_told_once_while_another_channel_hangs(tmp_path: Path) -> None:
    """Orders are acknowledged while nobody answers; after kill -9 of the gateway nothing is told twice."""
    desk = Desk(tmp_path / "data")
    symbols = ("BTC/USDT", "BTC/USDT:USDT")
    config = tmp_path / "opensqt.toml"
    config.write_text(derive(symbols, market="synthetic:7") + CHANNELS, encoding="utf-8")
    async with AlertReceiver(hangs=True).open() as stuck, AlertReceiver().open() as night:
        env = {"STUCK_URL": f"{stuck.url}/canary-one", "NIGHT_URL": f"{night.url}/canary-two"}
        async with desk.running("--config", str(config), **env):
            # A strategy that is killed alone gives the stuck channel something to wait for.
            await desk.command("kill", "--strategy", "carry", "--reason", "a test")
            await until(lambda: len(stuck.told) == 1, within_s=30)
            before = len(await _acknowledged(desk))

            async def goes_on() -> bool:
                return len(await _acknowledged(desk)) > before

            await until(goes_on, within_s=60)
            await desk.command("kill", "--reason", "a drill")
            await until(lambda: len(_kills(night)) == 2, within_s=30)

            async def is_recorded() -> bool:
                return {key for _, key in _kills(night)} <= await _told(desk, "night")

            await until(is_recorded, within_s=30)
            await desk.kill_nine("gateway")
            await desk.command("resume", "--reason", "seen")
            await until(lambda: any(state == "over" for state, _ in night.keys), within_s=60)
            assert len(_kills(night)) == len(set(_kills(night))) == 2
            told = await desk.verb("events", "--type", "AlertDelivery")
        shown = [path.read_text(errors="replace") for path in (desk.data / "logs").iterdir()]
        assert [
            canary for canary in ("canary-one", "canary-two") if canary in str(shown) + str(told)
        ] == []


async def _told(desk: Desk, channel: str) -> set[str]:
    """Return the keys of what the journal says that a channel was told of."""
    found = [one["data"] for one in await desk.verb("events", "--type", "AlertDelivery")]
    told = (one for one in found if (one["channel"], one["outcome"]) == (channel, "delivered"))
    return {key for one in told for key in one["raised"]}


def _kills(receiver: AlertReceiver) -> list[tuple[str, str]]:
    return [one for one in receiver.keys if one[0] == "raised" and one[1].startswith("Killed ")]
