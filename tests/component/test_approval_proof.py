"""The executor believes nothing that risk did not say: what has no proof of this very approval is a dead letter."""

import base64
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from opensqt.domain.grounds import Moment
from opensqt.domain.intent import PlaceIntent
from opensqt.domain.order_state import OrderStatus
from opensqt.domain.verdict import ApprovalProof, RiskApproved
from opensqt.runtime.approval_key import ApprovalKey
from opensqt.runtime.approval_proof import ApprovalKeys
from opensqt.runtime.bus.port import Stream
from tests.component.rig import Rig
from tests.support.approvals import KEY, published

pytestmark = pytest.mark.row("K02")


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return one desk in memory."""
    return Rig(tmp_path)


def _letters(rig: Rig) -> list[str]:
    return [one.headers["Dlq-Reason"] for one in rig.broker.stream(Stream.DLQ).beyond(0, [])]


def _unproved(approval: RiskApproved) -> RiskApproved:
    return msgspec.structs.replace(approval, proof=None)


def _of_a_stranger(approval: RiskApproved) -> RiskApproved:
    return ApprovalKey.new().prove(approval)


def _named_alike(approval: RiskApproved) -> RiskApproved:
    """Sign with a key of our own, and name risk's."""
    proof = ApprovalKey.new().prove(approval).proof
    assert proof is not None
    return msgspec.structs.replace(
        approval, proof=msgspec.structs.replace(proof, key_id=KEY.key_id)
    )


def _of_nothing(approval: RiskApproved) -> RiskApproved:
    proof = ApprovalProof(key_id=KEY.key_id, signature=base64.b64encode(bytes(64)).decode())
    return msgspec.structs.replace(approval, proof=proof)


def _no_text(approval: RiskApproved) -> RiskApproved:
    proof = ApprovalProof(key_id=KEY.key_id, signature="ключ")
    return msgspec.structs.replace(approval, proof=proof)


def _changed(**changes: Any) -> Any:
    """Return what changes an approval and keeps its proof."""
    return lambda approval: msgspec.structs.replace(approval, **changes)


def _larger(approval: RiskApproved) -> RiskApproved:
    assert approval.place is not None
    place = msgspec.structs.replace(approval.place, quantity=Decimal(1))
    return msgspec.structs.replace(approval, place=place)


FORGED = {
    "no proof": _unproved,
    "a key of a stranger": _of_a_stranger,
    "a stranger under the name of risk": _named_alike,
    "a signature of nothing": _of_nothing,
    "a signature that is no text of one": _no_text,
    "another quantity": _larger,
    "another epoch": _changed(risk_epoch=7),
    "another flag": _changed(reduce_only=True),
    "another configuration": _changed(config_version="forged"),
    "other figures": _changed(moment=Moment(now_ms=1)),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
async def test_a_forged_approval_is_a_dead_letter_and_never_an_order(rig: Rig, forge: Any) -> None:
    """Nothing of it is sent or journalled; risk's own word for the same intent is obeyed afterwards."""
    executor = rig.executor()
    async with rig.running(executor):
        await rig.approve(rig.place(1), forge=forge)
        await rig.clock.run_for(0.3)
        counted = b'opensqt_dead_letters_total{reason="Unproved",stream="COMMANDS"} 1.0'
        assert counted in vars(executor)["_metrics"].render()
        assert [reason for reason in _letters(rig) if "approval of intent-1" in reason]
        assert (rig.venue.sent, rig.orders()) == ([], {})
        assert not [fact for fact in rig.facts() if isinstance(fact, RiskApproved)]
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.3)
        assert rig.order_of(1).phase is OrderStatus.LIVE
        assert len(_letters(rig)) == 1


async def test_the_proof_of_one_intent_is_none_of_another(rig: Rig) -> None:
    """A proof that was seen on the bus opens nothing but what it was made for."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.3)
        (seen,) = [fact for fact in rig.facts() if isinstance(fact, RiskApproved)]
        await rig.approve(rig.place(2), forge=_changed(proof=seen.proof))
        await rig.clock.run_for(0.3)
        assert len(rig.orders()) == 1
        assert "not of this approval" in _letters(rig)[0]


async def test_a_forged_cancel_cancels_nothing(rig: Rig) -> None:
    """Cancels are risk's word as well: nobody else takes an order away."""
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.3)
        await rig.approve(rig.cancel(1), forge=_unproved)
        await rig.clock.run_for(0.3)
        assert rig.order_of(1).phase is OrderStatus.LIVE
        assert len(_letters(rig)) == 1


async def test_a_proved_approval_of_an_old_epoch_ends_in_the_journal(rig: Rig) -> None:
    """A gate that lost its lease still holds the key: its word is recorded, and nothing is sent."""
    async with rig.running(rig.executor()):
        rig.risk_epoch -= 1
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.3)
        end = rig.order_of(1).expired
        assert end is not None
        assert end.reason == "approved under risk epoch 0"
        assert rig.venue.sent == []


async def test_a_new_key_is_believed_as_soon_as_its_public_half_lies_there(rig: Rig) -> None:
    """A key is replaced without a restart of executors; the one of before is believed as long as its half stays."""
    new = ApprovalKey.new()
    async with rig.running(rig.executor()):
        await rig.approve(rig.place(1), forge=new.prove)
        await rig.clock.run_for(0.3)
        assert len(_letters(rig)) == 1
        published(rig.folder, new)
        for number, key in ((2, new), (3, KEY)):
            await rig.approve(rig.place(number), forge=key.prove)
        await rig.clock.run_for(0.3)
        assert [rig.order_of(number).phase for number in (2, 3)] == [OrderStatus.LIVE] * 2


async def test_an_executor_without_keys_says_so_and_still_cancels_on_a_kill(rig: Rig) -> None:
    """Nothing is believed, `status` says why, and an exit is as possible as ever."""
    executor = rig.executor()
    async with rig.running(executor):
        await rig.approve(rig.place(1))
        await rig.clock.run_for(0.3)
        assert executor.status()["why"] == ""
    rig.keys_in = lambda folder: ApprovalKeys(folder / "nowhere")
    successor = rig.executor()
    async with rig.running(successor):
        assert "holds no public key of risk" in successor.status()["why"]
        intent: PlaceIntent = rig.place(2)
        await rig.approve(intent)
        await rig.clock.run_for(0.3)
        assert len(_letters(rig)) == 1
        await successor.kill.kill("desk", "enough", "alice", "")
        await rig.clock.run_for(1.0)
        assert rig.order_of(1).terminal


@pytest.mark.parametrize("name", ["", "a b", "币", "a.b"])
async def test_a_proved_name_that_no_subject_can_hold_is_a_dead_letter_and_ends_nobody(
    rig: Rig, name: str
) -> None:
    """Even under risk's own key: the executor could not tell of such an order, so it takes none."""
    async with rig.running(rig.executor()) as executor:
        await rig.approve(rig.place(1, strategy=name))
        await rig.clock.run_for(0.3)
        assert (rig.venue.sent, rig.orders()) == ([], {})
        assert [reason for reason in _letters(rig) if "PlaceIntent.strategy" in reason]
        assert executor.ready
        await rig.approve(rig.place(2))
        await rig.clock.run_for(0.3)
        assert rig.order_of(2).phase is OrderStatus.LIVE
