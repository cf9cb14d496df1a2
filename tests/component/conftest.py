"""What tests of a shell on twins stand on."""

from pathlib import Path

import pytest

from tests.component.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    """Return a desk in memory."""
    return Rig(tmp_path)
