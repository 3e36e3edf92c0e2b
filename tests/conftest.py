"""What tests share: an instance in a directory of its own, and the real program to run on it."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import pytest

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Fact = TypeVar("Fact")


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The directory of an instance without tasks: for `-C`, and for `paths.of_directory(str(instance))`."""
    (tmp_path / "tasks.d").mkdir()
    return tmp_path


@pytest.fixture
def environment(instance: Path) -> dict[str, str]:
    """What commands get: nothing of the developer's settings, and a HOME in the instance."""
    return {"PATH": os.environ["PATH"], "HOME": str(instance), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}


@pytest.fixture
def run_cli(instance: Path, environment: dict[str, str]) -> RunCli:
    """`run_cli("list", "--json")` runs `automate -C INSTANCE list --json`; `dir=None` leaves `-C` out."""

    def run(
        *arguments: str,
        dir: Path | None = instance,  # noqa: A002 - as the option reads
        input: str | None = None,  # noqa: A002 - subprocess's word
        env: Mapping[str, str] = {},
        timeout: float = 60,
    ) -> "subprocess.CompletedProcess[str]":
        where = ["-C", str(dir)] if dir is not None else []
        return subprocess.run(
            [sys.executable, "-m", "automate", *where, *arguments],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=environment | dict(env),
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            timeout=timeout,
        )

    return run


@pytest.fixture
def until() -> Callable[..., object]:
    """`until(condition)` looks again and again until it gives something true, which is returned; fails after `within`
    seconds."""

    def wait(condition: Callable[[], Fact], within: float = 20) -> Fact:
        deadline = time.monotonic() + within
        while not (fact := condition()):
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.01)
        return fact

    return wait
