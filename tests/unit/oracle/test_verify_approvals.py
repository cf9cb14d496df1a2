"""`verify` finds an approval that risk did not give, and one that breaks the limits recorded with it."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from opensqt.cli.verify_approvals import ApprovalJudge
from opensqt.cli.verify_evidence import Check, JudgedEvidence
from opensqt.domain.verdict import RiskApproved
from opensqt.risk.verdict import judge
from opensqt.runtime.approval_key import ApprovalKey
from tests.support.approvals import KEY, published
from tests.unit.oracle.test_verify import events
from tests.unit.risk.risk_books import LIMITS, NOW_MS, SEAT, cancel, intent, state
from tests.unit.runtime.test_codec_older import older

pytestmark = pytest.mark.row("K02")


def _given(name: str = "i-1") -> RiskApproved:
    verdict = judge(state(), intent(intent_id=name), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(verdict, RiskApproved)
    return verdict


def _judged(folder: Path, *approvals: RiskApproved) -> Check:
    evidence = JudgedEvidence(audit=None, events=events(list(approvals)))
    return ApprovalJudge(published(folder)).approvals_proved(evidence)


def test_proved_approvals_of_places_and_cancels_hold(tmp_path: Path) -> None:
    """Both kinds are counted."""
    wish = judge(state(), cancel(), LIMITS, SEAT, NOW_MS).verdict
    assert isinstance(wish, RiskApproved)
    found = _judged(tmp_path, KEY.prove(_given()), KEY.prove(wish))
    assert (found.holds, found.figure, found.detail) == (True, "2 approvals", "")


@pytest.mark.parametrize(
    "forge, words",
    [
        (lambda one: msgspec.structs.replace(one, proof=None), "has no proof"),
        (ApprovalKey.new().prove, "names the key"),
        (lambda one: msgspec.structs.replace(one, risk_epoch=9), "not of this approval"),
    ],
)
def test_an_approval_that_risk_did_not_give_is_named(
    tmp_path: Path, forge: Callable[[RiskApproved], RiskApproved], words: str
) -> None:
    """Whatever stands behind the first proof must be proved."""
    found = _judged(tmp_path, KEY.prove(_given()), forge(KEY.prove(_given("i-2"))))
    assert not found.holds
    assert "i-2" in found.detail
    assert words in found.detail


def test_an_approval_that_breaks_its_own_limits_is_named(tmp_path: Path) -> None:
    """Also when risk itself signed it: the record is judged again, figure by figure."""
    given = _given()
    assert given.grounds is not None
    tight = msgspec.structs.replace(LIMITS, order_notional_quote_max=Decimal(100))
    broken = msgspec.structs.replace(
        given, grounds=msgspec.structs.replace(given.grounds, limits=tight)
    )
    found = _judged(tmp_path, KEY.prove(broken))
    assert not found.holds
    assert "i-1 breaks order_notional: 499.5" in found.detail


def test_a_flag_that_does_not_follow_from_the_record_is_named(tmp_path: Path) -> None:
    """Reduce-only is a conclusion, not a wish."""
    found = _judged(tmp_path, KEY.prove(msgspec.structs.replace(_given(), reduce_only=True)))
    assert "says reduce-only True" in found.detail


def test_approvals_from_before_the_first_proof_are_counted_and_not_judged(tmp_path: Path) -> None:
    """The cut is said: a desk's first proof."""
    old = older("RiskApproved")
    assert isinstance(old, RiskApproved)
    assert old.proof is None
    found = _judged(tmp_path, old, KEY.prove(_given()))
    assert (found.holds, found.figure) == (True, "1 approvals")
    assert found.detail == "1 approvals before position 2 are from before they were proved"
    assert _judged(tmp_path, old).detail == "1 approvals are from before they were proved"


def test_far_from_the_keys_limits_are_judged_and_the_rest_is_said() -> None:
    """Who has only the journal learns what was not looked at."""
    evidence = JudgedEvidence(audit=None, events=events([KEY.prove(_given())]))
    found = ApprovalJudge(None).approvals_proved(evidence)
    assert found.holds
    assert "name the folder of public keys with OPENSQT_APPROVAL_KEYS" in found.detail
