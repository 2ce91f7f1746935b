"""What the tests share: a browser without a network."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Yield a running Chromium; without it the tests that need it are skipped, except in CI, where they fail."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("playwright is not installed")
    if program is None:
        _absent("there is no Chromium on the PATH")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


def _absent(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI the browser tests must run: {reason}")
    pytest.skip(reason)
