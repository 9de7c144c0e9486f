"""What several files of integration tests share."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.test_alerts import Receiver, open_receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Where every team is reached by webhook."""
    async with open_receiver() as opened:
        yield opened
