"""What cannot be written now is written later; no run stays open for ever."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automate.errors import AutomateError
from tests.service.worlds import WAITS, World

NOON = {"schedule": "0 12 * * *"}


@contextmanager
def no_log(world: World) -> Iterator[None]:
    """Its directory is gone, and cannot be made anew."""
    log, aside = Path(world.instance.log), world.directory / "aside"
    log.rename(aside)
    log.touch()
    yield
    log.unlink()
    aside.rename(log)


@pytest.fixture
def running(world: World) -> World:
    world.task("x", WAITS, **NOON)
    world.step("11:59")
    world.begin("12:00")
    return world


def test_a_run_whose_record_cannot_be_written_is_recorded_later(running: World) -> None:
    with no_log(running):
        running.go()
        with pytest.raises(AutomateError, match="cannot record #1 of x: Not a directory"):
            running.settle()
    running.settle()
    assert running.story("x") == [("12:00:00", "success")]
