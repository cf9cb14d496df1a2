"""The executor against worlds drawn from seeds; each failure prints its seed, which plays the same story again."""

import os
from pathlib import Path

import pytest

from tests.simulation.executor_world import World

SEEDS = range(int(os.environ.get("WORLD_FROM", "1")), int(os.environ.get("WORLD_TO", "121")))
STEPS = 45


@pytest.mark.row("A07")
@pytest.mark.row("C06")
@pytest.mark.row("J01")
@pytest.mark.parametrize("seed", SEEDS)
async def test_no_story_places_twice_or_loses_anything(tmp_path: Path, seed: int) -> None:
    """Whatever fails and whoever dies: one order an id and intent, no fill lost, everything settled in the end."""
    breaches = await World(tmp_path, seed).run(STEPS)
    assert breaches == [], f"seed {seed}"
