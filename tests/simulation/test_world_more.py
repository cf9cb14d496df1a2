"""The second half of the Worlds in `make test`: a file of its own, so that another worker plays it.

Only as many as fit beside all other tests; the long range, with every mutant, is `make simulate-long`.
"""

import pytest

from tests.simulation.worlds import play

SEEDS = range(1001, 2001)
SECONDS = 50


@pytest.mark.long
@pytest.mark.row("J02")
@pytest.mark.timeout(300)
def test_an_order_is_placed_once_in_the_second_thousand_of_worlds() -> None:
    """As many of the seeds 1001 to 2000 as fit in less than a minute hold; no invariant may break."""
    holds, said = play(SEEDS, SECONDS)
    assert holds, said
