"""What must not harm: bytes nobody understands, where commands are expected."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from opensqt.domain.control import DeskGeneration, FeedGeneration, Heartbeat
from opensqt.domain.market import Tick
from opensqt.domain.recon_events import Resumed
from opensqt.runtime.access.rights import OPERATOR
from opensqt.runtime.codec import encode
from tests.conditions import until
from tests.e2e import audit, bus_users, load
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
        risk = await bus_users.connected(desk.data, "risk")
        client = await bus_users.connected(desk.data, OPERATOR)
        stream = client.jetstream()
        await risk.jetstream().publish(SUBJECT, GARBAGE)
        await load.main(desk.data, Plan(rate=10, seconds=2, cancel_share=0))
        await until(lambda: _given_up(desk) is not None, within_s=60)
        letter = _given_up(desk)
        assert letter is not None
        assert "opensqt tail dlq.executor" in letter["fix"]
        buried = await stream.get_last_msg("DLQ", "dlq.executor")
        assert buried.data == GARBAGE
        await client.close()
        await risk.close()
        before = len(audit.rows(desk.data))
        await load.main(desk.data, Plan(rate=10, seconds=3, cancel_share=0))
        await until(lambda: len(audit.rows(desk.data)) > before, within_s=30)


KINDS = ("order", "risk", "account", "position", "strategy", "recon", "later")
FEED_SUBJECTS = (
    "evt.time",
    "evt.recon.desk",
    *(f"evt.{kind}.binance.main.BTC-USDT-USDT" for kind in KINDS),
    *(f"md.binance.BTC-USDT-USDT.{kind}" for kind in ("tick", "trade", "book", "candle")),
    *(f"md.binance.BTC-USDT-USDT.{kind}" for kind in ("funding", "mark", "status", "rules")),
    *(f"ctl.{kind}" for kind in ("feed", "heartbeat", "latch", "limit", "desk", "alive.risk")),
)
SUBJECTS = (
    *FEED_SUBJECTS,
    "intent.grid-perp.binance.main.BTC-USDT-USDT",
    "cmd.open.binance.main.BTC-USDT-USDT",
    "cmd.exit.binance.main.BTC-USDT-USDT",
    "cmd.open.binance.main.later",
    "ctl.kill",
)
ABSURD_TICK = Tick(
    venue="binance",
    symbol="BTC/USDT:USDT",
    bid_price=Decimal(0),
    bid_quantity=Decimal("9" * 38),
    ask_price=Decimal(-1),
    ask_quantity=Decimal(1),
    time_ms=2**63 - 1,
    book_sequence=2**63 - 1,
)
BODIES = (
    b"",
    b"\x00",
    b"\xff\x00 garbage",
    b"{}",
    b"\xfa\x3f\x00",
    b"\x0a\xff\xff\xff\xff\x0f",
    b"x" * 900_000,
    encode(ABSURD_TICK),
    encode(Heartbeat(generation=2**62, head_position=2**62, time_ms=-1)),
    encode(FeedGeneration(generation=2**62, position=-1, reason="\x00", time_ms=2**63 - 1)),
    encode(Resumed(scope="\x00", reason="", actor="", time_ms=2**63 - 1)),
    encode(DeskGeneration(generation="\x00", reason="", time_ms=0)),
)
HEADS: tuple[dict[str, str], ...] = (
    {},
    {"ce-id": "x", "ce-type": "opensqt.v1.Tick", "ce-source": "x", "ce-time": "1"},
    {
        "ce-id": "y",
        "ce-type": "opensqt.v1.Fill",
        "ce-source": "x",
        "ce-time": "1",
        "ce-position": "900000000",
        "ce-prev": "1",
        "Status": "503",
    },
)


@pytest.mark.row("I03")
@pytest.mark.row("K04")
async def test_no_body_on_any_subject_costs_a_restart(tmp_path: Path) -> None:
    """Every subject times a dozen bodies, with and without a head: set aside once each, and the desk trades on."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        client = await bus_users.connected(desk.data, OPERATOR)
        clients = {
            name: await bus_users.connected(desk.data, name)
            for name in {bus_users.speaker(subject) for subject in SUBJECTS}
        }
        stream = client.jetstream()
        sent = 0
        for subject in SUBJECTS:
            for number, body in enumerate(BODIES):
                head = HEADS[number % len(HEADS)]
                speaker = clients[bus_users.speaker(subject)].jetstream()
                await speaker.publish(subject, body, headers={**head} or None)
                sent += 1
        before = len(audit.rows(desk.data))
        await load.main(desk.data, Plan(rate=10, seconds=4, cancel_share=0))
        await until(lambda: len(audit.rows(desk.data)) > before + 10, within_s=30)
        restarted = {line.name: line.restarts for line in desk.run_file.processes if line.restarts}
        assert restarted == {}
        status = (await desk.verb("status"))[-1]
        assert (status["mode"], status["killed"]) == ("NORMAL", False)
        letters = await stream.stream_info("DLQ")
        # A marked unknown type is skipped; a heartbeat of risk's belongs where it was said.
        assert sent - 30 <= letters.state.messages <= sent
        assert sent >= 300
        for one in (client, *clients.values()):
            await one.close()
    lines = await desk.verb("verify", check=False)
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


def _given_up(desk: Desk) -> dict[str, str] | None:
    path = desk.data / "logs" / "executor-main.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return next((line for line in lines if "set aside" in line.get("event", "")), None)
