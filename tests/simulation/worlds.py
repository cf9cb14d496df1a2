"""Plays a range of Worlds in a process of its own, with the order of sets that `make simulate` repeats."""

import os
import subprocess
import sys

SECONDS = 120  # no seed is begun later; a range that did not fit is told in the output


def play(seeds: range) -> tuple[bool, str]:
    """Play a range; return whether every invariant held, and what was said."""
    span = f"{seeds.start}:{seeds.stop}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.world", span, "--seconds", str(SECONDS)],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=SECONDS * 2,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr
