"""Runs of real processes, and steps taken at times that the test chooses; see tests/service."""

import pytest

from tests.service.conftest import another, few_descriptors, world

__all__ = ["another", "few_descriptors", "world"]


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    """End the runs that a test leaves behind."""
