"""What the tests share: a browser without a network, a made city, the rules and the sample."""

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

from geodata.load import load
from planner.findings import assess
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.rules import Rules, load_rules
from planner.travel import PAPER
from tests import tiny

# As in a default install, which has no pyarrow: texts are Python's. Commands that tests start as processes of their own have it.
pd.set_option("mode.string_storage", "python")
# What stands after the imports stays: not looked through for garbage again and again.
gc.freeze()
gc.set_threshold(50_000, 20, 50)

# Same code, same examples: what `make test` says depends on the code alone. `HYPOTHESIS_PROFILE=explore` draws new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


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


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the made city; tests that change files copy it first."""
    return tiny.write(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_region(tiny_folder: Path) -> Region:
    """Return the made city as a Region."""
    return load(tiny_folder)


@pytest.fixture(scope="session")
def rules() -> Rules:
    """Return the rules of 攀枝花."""
    return load_rules("panzhihua_2023", FUNCTIONS)


@pytest.fixture(scope="session")
def sample_findings(rules: Rules) -> tuple[Region, pd.DataFrame]:
    """Return the embedded sample and its findings."""
    region = load(Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua")
    return region, assess(region, rules, PAPER)
