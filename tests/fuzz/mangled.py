"""Foreign bytes for parsers: noise, and sound examples with a few bytes changed, cut, doubled or put in.

How many runs a parser gets is `RUNS`, or OPENSQT_FUZZ_RUNS for a longer night.
"""

import os
from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st

RUNS = int(os.environ.get("OPENSQT_FUZZ_RUNS") or 300)
RUNS_SERVED = max(RUNS // 10, 1)  # of parsers behind a port, where each run is a connection
PIECES = (
    b"",
    b"\0",
    b"\xff",
    b'"',
    b"{",
    b"[" * 2000,
    b"9" * 400,
    b"-1",
    b"1e999",
    b"null",
    b"\xf0\x9f",
    b"\r\n",
)

at_length = settings(max_examples=RUNS, derandomize=True)
at_a_port = settings(max_examples=RUNS_SERVED, derandomize=True)


@st.composite
def _changed(draw: st.DrawFn, samples: Sequence[bytes]) -> bytes:
    found = bytearray(draw(st.sampled_from(samples)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(found)))
        end = draw(st.integers(place, min(len(found), place + 40)))
        found[place:end] = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=12)))
    return bytes(found)


def mangled(*samples: bytes) -> st.SearchStrategy[bytes]:
    """Return noise, and samples that somebody has changed."""
    return st.one_of(st.binary(max_size=400), _changed(samples))
