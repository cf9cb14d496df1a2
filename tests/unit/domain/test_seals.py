"""The tree over rows: one bit more or less, or another order, is another root."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from opensqt.domain.seals import merkle_root

HASHES = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40, unique=True)


@given(HASHES, st.data())
def test_any_change_of_any_row_is_another_root(hashes: list[bytes], data: st.DataObject) -> None:
    """Changed, removed, repeated or moved."""
    at = data.draw(st.integers(0, len(hashes) - 1))
    changed = [hashlib.sha256(hashes[at]).digest() if n == at else h for n, h in enumerate(hashes)]
    others = [changed, [*hashes, hashes[at]]]
    if len(hashes) > 1:
        others += [hashes[:at] + hashes[at + 1 :], hashes[::-1]]
    assert merkle_root(hashes) not in {merkle_root(one) for one in others}
