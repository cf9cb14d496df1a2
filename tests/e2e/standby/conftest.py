"""What the tests of standbys share: the launcher of processes and the template of databases."""

from collections.abc import AsyncIterator

import pytest

from tests.crash import matrix
from tests.crash.house import Shared


@pytest.fixture
async def shared(postgres_session_dsn: str, postgres_template: str) -> AsyncIterator[Shared]:
    """Open what desks of real processes share."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        yield found
