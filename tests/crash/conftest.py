"""What the drills of crashes share: one launcher of processes, on one loop for all of them."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.crash import matrix
from tests.crash.house import Shared


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared(postgres_session_dsn: str, postgres_template: str) -> AsyncIterator[Shared]:
    """Open what desks of real processes share; who takes it runs on the loop of the session."""
    async with matrix.shared(postgres_session_dsn, postgres_template) as found:
        yield found
