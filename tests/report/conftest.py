"""A browser for the tests of pages."""

import pytest
from browser_window import start_browser


@pytest.fixture(scope="module")
def browser():
    """One for all tests of a module: it holds an event loop while it runs."""
    driver, chromium = start_browser()
    yield chromium
    chromium.close()
    driver.stop()
