"""What the tests of the step share."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from worlds import World


@pytest.fixture
def another(instance: Path) -> Iterator[Callable[[], World]]:
    """`another()` is one more process on the same instance, as far as locks and state can tell."""
    before = os.umask(0o077)
    made: list[World] = []

    def make() -> World:
        made.append(World(instance))
        return made[-1]

    yield make
    for world in made:
        world.close()
    os.umask(before)


@pytest.fixture
def world(another: Callable[[], World]) -> World:
    return another()
