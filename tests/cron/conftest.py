"""What waits for a minute of the real clock begins first, so that all else can go on beside it."""

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: Path(__file__).parent not in item.path.parents)


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    """Runs outlive who started them."""
