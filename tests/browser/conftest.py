"""One browser for the run."""

from collections.abc import Iterator

import pytest

from tests.browser.office import start_chromium


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """The address Chromium is driven at; tests that want it are skipped, with the reason, where there is none."""
    yield from start_chromium()
