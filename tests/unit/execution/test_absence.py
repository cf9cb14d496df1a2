"""The proof that an order was never placed."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensqt.execution.absence import (
    WITNESSLESS_LAGS,
    AbsenceSearch,
    Observation,
    begin,
    judge,
    next_look_ms,
)

DEADLINE_MS = 10_000
LAG_MS = 500
SKEW_MS = 100
FENCE_MS = DEADLINE_MS + SKEW_MS + LAG_MS


def _search() -> AbsenceSearch:
    return begin(deadline_ms=DEADLINE_MS, lag_ms=LAG_MS, skew_ms=SKEW_MS)


def _look(started_ms: int, **changes: object) -> Observation:
    values: dict[str, object] = {
        "started_ms": started_ms,
        "ended_ms": started_ms + 20,
        "found_by_id": False,
        "found_open": False,
        "traded": False,
        "witness": "qknown",
        "witness_seen": True,
        "position": Decimal(0),
    }
    return Observation(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.row("C06")
def test_two_looks_behind_the_fence_prove_absence() -> None:
    """Two complete looks, a visibility lag apart, behind the fence, are a proof that names them."""
    search, proof = judge(_search(), _look(FENCE_MS))
    assert not proof
    assert next_look_ms(search) == FENCE_MS + 20 + LAG_MS
    search, proof = judge(search, _look(next_look_ms(search)))
    assert str(FENCE_MS) in proof


@pytest.mark.row("C06")
@pytest.mark.parametrize("without", [(0,), (1,), (0, 1)])
def test_looks_without_a_witness_are_further_apart(without: tuple[int, ...]) -> None:
    """Where nothing shows that reads are sound, they must find nothing for longer than they are assumed to lag."""
    first, later = ({"witness": "" if number in without else "qknown"} for number in range(2))
    search, _ = judge(_search(), _look(FENCE_MS, **first))
    apart_ms = WITNESSLESS_LAGS * LAG_MS
    early, proof = judge(search, _look(FENCE_MS + 20 + apart_ms - 1, **later))
    assert not proof
    assert next_look_ms(early) > FENCE_MS + 20 + apart_ms - 1, (
        "nobody reads again and again until then"
    )
    _, proof = judge(search, _look(FENCE_MS + 20 + apart_ms, **later))
    assert proof


@pytest.mark.row("C06")
@pytest.mark.parametrize("sight", ["found_by_id", "found_open", "traded"])
def test_any_sight_of_the_order_voids_the_proof(sight: str) -> None:
    """A look that saw the order in any source starts the proof anew."""
    search, _ = judge(_search(), _look(FENCE_MS))
    search, proof = judge(search, _look(FENCE_MS + 2_000, **{sight: True}))
    assert not proof
    assert search.first is None


@pytest.mark.row("C06")
def test_looks_before_the_fence_prove_nothing() -> None:
    """However many looks find nothing before the deadline and lag have passed, absence is not proved."""
    search = _search()
    for started_ms in range(0, FENCE_MS, 500):
        search, proof = judge(search, _look(started_ms))
        assert not proof
    assert search.first is None


@pytest.mark.row("C06")
def test_a_blind_source_proves_nothing() -> None:
    """When the same query does not see a known order, its silence about ours means nothing."""
    search, _ = judge(_search(), _look(FENCE_MS))
    search, proof = judge(search, _look(FENCE_MS + 2_000, witness_seen=False))
    assert not proof
    assert search.first is None


@pytest.mark.row("C06")
def test_a_moved_position_starts_the_proof_anew() -> None:
    """A position that moved between the looks may have been moved by the order itself."""
    search, _ = judge(_search(), _look(FENCE_MS))
    search, proof = judge(search, _look(FENCE_MS + 2_000, position=Decimal(1)))
    assert not proof
    assert search.moved
    _, proof = judge(search, _look(FENCE_MS + 4_000, position=Decimal(1)))
    assert proof


@given(st.lists(st.integers(min_value=0, max_value=60_000), min_size=1, max_size=12))
def test_no_proof_without_two_spaced_looks_behind_the_fence(starts: list[int]) -> None:
    """Whatever the times of the looks, a proof has two of them behind the fence and a lag apart."""
    search = _search()
    behind: list[int] = []
    for started_ms in sorted(starts):
        search, proof = judge(search, _look(started_ms))
        if started_ms >= FENCE_MS:
            behind.append(started_ms)
        if proof:
            assert behind[-1] >= behind[0] + 20 + LAG_MS
            return
