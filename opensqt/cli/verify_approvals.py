"""Whether risk really gave each recorded approval, and whether it keeps the limits that were recorded with it."""

from collections.abc import Iterator

from opensqt.cli.verify_evidence import Check, JudgedEvidence
from opensqt.cli.verify_orders import told
from opensqt.domain.verdict import RiskApproved
from opensqt.risk.verdict import RecordIncomplete, judged_again
from opensqt.runtime.approval_proof import ApprovalKeys, Unproved


class ApprovalJudge:
    """Judges recorded approvals; what was judged once is not judged again.

    Without `keys`, far from the desk's folder, approvals are judged by their own limits alone, and that is said.
    """

    def __init__(self, keys: ApprovalKeys | None) -> None:
        self._keys = keys
        self._faults: dict[int, str] = {}  # position -> what is wrong

    def approvals_proved(self, evidence: JudgedEvidence) -> Check:
        """Each approval from the first proof on is proved and keeps its own limits; those before are only counted."""
        rows = [
            (event.position, event.message)
            for event in evidence.events
            if isinstance(event.message, RiskApproved)
        ]
        first = next((position for position, one in rows if one.proof is not None), None)
        since = [row for row in rows if first is not None and row[0] >= first]
        for position, approval in since:
            if position not in self._faults:
                self._faults[position] = _fault(approval, self._keys)
        wrong = [why for position, _ in since if (why := self._faults[position])]
        return Check(
            check="approvals_proved",
            holds=not wrong,
            figure=f"{len(since)} approvals",
            detail=told(wrong) or "; ".join(self._reservations(len(rows) - len(since), first)),
        )

    def _reservations(self, before: int, first: int | None) -> Iterator[str]:
        """Say what was not judged."""
        if self._keys is None:
            yield "proofs not checked: name the folder of public keys with OPENSQT_APPROVAL_KEYS"
        if before:
            where = "" if first is None else f" before position {first}"
            yield f"{before} approvals{where} are from before they were proved"


def _fault(approval: RiskApproved, keys: ApprovalKeys | None) -> str:
    try:
        if keys is not None:
            keys.check(approval)
        code, detail, reduce_only = judged_again(approval)
    except (Unproved, RecordIncomplete) as error:
        return str(error)
    if code:
        return f"the approval of {approval.intent_id} breaks {code}: {detail}"
    if reduce_only is not approval.reduce_only:
        return f"the approval of {approval.intent_id} says reduce-only {approval.reduce_only}"
    return ""
