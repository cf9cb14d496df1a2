"""Whoever got hold of risk's place on the bus of a shipped desk, but not of its key, places no order."""

import asyncio
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from nats.aio.msg import Msg

from opensqt.domain.subjects import command_subject
from opensqt.domain.verdict import Command, RiskApproved
from opensqt.runtime.approval_key import ApprovalKey
from opensqt.runtime.codec import decode, encode
from opensqt.runtime.environment import APPROVAL_KEY_FILE
from tests.conditions import until
from tests.e2e import audit, load
from tests.e2e.bus_users import connected
from tests.e2e.desk import Desk
from tests.e2e.load import Plan

pytestmark = pytest.mark.timeout(240)


def _larger(approval: RiskApproved) -> RiskApproved:
    """A thousand times what risk approved, under a name of its own, and flagged as an exit."""
    place = approval.place
    assert place is not None
    more = msgspec.structs.replace(
        place, intent_id=f"{place.intent_id}-forged", quantity=place.quantity * Decimal(1000)
    )
    return msgspec.structs.replace(approval, intent_id=more.intent_id, place=more, reduce_only=True)


@pytest.mark.row("K01", "K02")
async def test_no_approval_but_risks_own_becomes_an_order(tmp_path: Path) -> None:
    """One that was seen is said again for more: with its proof, with none, with a stranger's. `verify` holds."""
    desk = Desk(tmp_path / "data")
    async with desk.running("--market", "synthetic:7"):
        assert (desk.data / APPROVAL_KEY_FILE).stat().st_mode & 0o777 == 0o600
        listener = await connected(desk.data, "operator")
        client = await connected(desk.data, "risk")
        stream = client.jetstream()
        seen = asyncio.Queue[RiskApproved]()

        async def hear(message: Msg) -> None:
            said = decode(message.data)
            if isinstance(said, Command) and said.approval.place is not None:
                await seen.put(said.approval)

        await listener.subscribe("cmd.open.>", cb=hear)
        await load.main(desk.data, Plan(rate=10, seconds=3, cancel_share=0))
        genuine = await asyncio.wait_for(seen.get(), 30)
        assert genuine.proof is not None
        assert genuine.place is not None
        forged = _larger(genuine)
        ways = (
            forged,
            msgspec.structs.replace(forged, proof=None),
            ApprovalKey.new().prove(forged),
        )
        assert forged.place is not None
        subject = command_subject(forged.place, is_exit=False)
        for number, one in enumerate(ways):
            headers = {"Nats-Msg-Id": f"forged {number}"}
            await stream.publish(subject, encode(Command(approval=one)), headers=headers)

        await until(lambda: _letters(desk, forged.intent_id) == len(ways), within_s=30)
        before = len(audit.rows(desk.data))
        await load.main(desk.data, Plan(rate=10, seconds=2, cancel_share=0))
        await until(lambda: len(audit.rows(desk.data)) > before, within_s=30)
        assert all(
            Decimal(row["quantity"] or 0) < forged.place.quantity
            for row in audit.rows(desk.data)
            if row["kind"] == "place"
        )
        await client.close()
        await listener.close()
    lines = await desk.verb("verify", check=False)
    (proved,) = [line for line in lines if line.get("check") == "approvals_proved"]
    assert proved["holds"], proved
    assert int(proved["figure"].split()[0]) > 0
    assert lines[-1] == {"type": "verdict", "holds": True, "failed": []}, lines


def _letters(desk: Desk, intent_id: str) -> int:
    """Count the dead letters that the executor says it made of an intent."""
    path = desk.data / "logs" / "executor-main.jsonl"
    lines = map(json.loads, path.read_text().splitlines())
    told = [line for line in lines if "set aside" in line.get("event", "")]
    return sum(intent_id in line["detail"] for line in told)
