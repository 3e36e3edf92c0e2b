"""An instance with task files that have long been there, and catalogs of it."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from automate.catalog import Catalog
from automate.paths import of_directory
from automate.state import State, open_state

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()
LONG_AGO = NOW - 86400

Write = Callable[..., Path]
Look = Callable[..., Catalog]


@pytest.fixture
def write(instance: Path) -> Write:
    """`write("a", "command: x")` writes tasks.d/a.yaml, as if a day before NOW or `age` seconds."""

    def write(name: str, text: str, *, age: float = 86400) -> Path:
        file = instance / "tasks.d" / f"{name}.yaml"
        file.write_text(text)
        os.utime(file, (NOW - age,) * 2)
        return file

    return write


@pytest.fixture
def settings(instance: Path) -> Callable[[str], Path]:
    """Writes automate.yaml, as if a day before NOW."""

    def write(text: str) -> Path:
        file = instance / "automate.yaml"
        file.write_text(text)
        os.utime(file, (LONG_AGO, LONG_AGO))
        return file

    return write


@pytest.fixture
def state(instance: Path) -> Iterator[State]:
    with closing(open_state(of_directory(str(instance)))) as opened:
        yield opened


@pytest.fixture
def look(instance: Path, state: State) -> Look:
    """`look()` makes a catalog as of NOW, with the state; `look(state=None)` one without."""

    def look(*, state: State | None = state, owner: int | None = None, now: float = NOW) -> Catalog:
        return Catalog(of_directory(str(instance)), state, owner=owner, now=now)

    return look
