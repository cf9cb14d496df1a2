"""Plays a range of Worlds in a process of its own, with the order of sets that `make simulate` repeats."""

import os
import subprocess
import sys


def play(seeds: range, seconds_max: int) -> tuple[bool, str]:
    """Play a range, beginning no seed after `seconds_max`; return whether every invariant held, and what was said."""
    span = f"{seeds.start}:{seeds.stop}"
    done = subprocess.run(
        [sys.executable, "-m", "tests.world", span, "--seconds", str(seconds_max)],
        env=os.environ | {"PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        timeout=seconds_max * 2 + 30,
        check=False,
    )
    return done.returncode == 0, done.stdout + done.stderr
