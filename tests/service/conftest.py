"""What the tests of the step share."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from automate.process import host
from tests.service.worlds import World

Another = Callable[[], World]
Boot = Callable[..., None]
FewDescriptors = Callable[[int], AbstractContextManager[None]]


@pytest.fixture
def another(instance: Path) -> Iterator[Another]:
    """`another()` is one more process on the same instance, as far as locks and state can tell."""
    os.umask(0o077)
    made: list[World] = []

    def make() -> World:
        made.append(World(instance))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture
def world(another: Another) -> World:
    return another()


@pytest.fixture
def boot() -> Iterator[Boot]:
    """`boot("a", began=7, age=60)`: the machine or container has been started; see `host.Boot`."""

    def start(kernel: str, began: int | None = 1, age: float | None = 3600.0) -> None:
        patch.setattr(host, "boot", lambda: host.Boot(kernel, began, age))

    patch = pytest.MonkeyPatch()
    yield start
    patch.undo()


@pytest.fixture
def few_descriptors() -> FewDescriptors:
    """`with few_descriptors(3):` this process can open three more files."""

    @contextmanager
    def lack(room: int) -> Iterator[None]:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = max(map(int, os.listdir("/proc/self/fd"))) + 1
        filler: list[int] = []
        while not filler or filler[-1] < most:
            filler.append(os.open(os.devnull, os.O_RDONLY))
        resource.setrlimit(resource.RLIMIT_NOFILE, (filler[-1] + 1 + room, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for descriptor in filler:
                os.close(descriptor)

    return lack
