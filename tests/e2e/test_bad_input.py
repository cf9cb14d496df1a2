"""What must not harm: bytes nobody understands, where commands are expected."""

import json
from pathlib import Path

import nats
import pytest

from tests.conditions import until
from tests.e2e import audit, load
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

GARBAGE = b"\xff\x00 this is no command"
SUBJECT = "cmd.open.binance.main.BTC-USDT-USDT"
pytestmark = pytest.mark.timeout(240)


@pytest.mark.row("I03")
async def test_undecodable_bytes_on_cmd_are_put_aside_and_trading_goes_on(tmp_path: Path) -> None:
    """Poison ends in the dead letters with one clear line and its fix; the commands behind it are obeyed."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        client = await nats.connect(desk.run_file.nats_url)
        stream = client.jetstream()
        await stream.publish(SUBJECT, GARBAGE)
        await load.main(desk.data, Plan(rate=10, seconds=2, cancel_share=0))
        await until(lambda: _given_up(desk) is not None, within_s=60)
        letter = _given_up(desk)
        assert letter is not None
        assert "opensqt tail dlq.executor" in letter["fix"]
        buried = await stream.get_last_msg("DLQ", "dlq.executor")
        assert buried.data == GARBAGE
        await client.close()
        before = len(audit.rows(desk.data))
        await load.main(desk.data, Plan(rate=10, seconds=3, cancel_share=0))
        await until(lambda: len(audit.rows(desk.data)) > before, within_s=30)


def _given_up(desk: Desk) -> dict[str, str] | None:
    path = desk.data / "logs" / "executor-main.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return next((line for line in lines if "given up" in line.get("event", "")), None)
