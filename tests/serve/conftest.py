"""What the tests of the daemon share: the daemon in the background, what it says, tasks due at a moment of choice."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

WAITS = "until [ -e go ]; do sleep 0.1; done"


@pytest.fixture
def events(instance: Path) -> Callable[..., list[dict[str, Any]]]:
    """`events("added", task="x")`: what the daemons have said, with this action and about these."""

    def read(action: str | None = None, **about: object) -> list[dict[str, Any]]:
        path = instance / "said"
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            event
            for event in map(json.loads, lines)
            if action in (None, event["action"]) and about.items() <= event.items()
        ]

    return read


@pytest.fixture
def serve(
    start: Callable[..., subprocess.Popen[str]],
    events: Callable[..., list[dict[str, Any]]],
    until: Callable[..., object],
    instance: Path,
) -> Callable[..., subprocess.Popen[str]]:
    """`serve("--stop-tasks")` is a daemon, once it serves."""

    def begin(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        before = len(events("serving"))
        with (instance / "said").open("ab") as said:
            daemon = start("serve", "--json", *arguments, **{"stderr": said, "stdout": subprocess.DEVNULL} | more)
        until(lambda: len(events("serving")) > before)
        return daemon

    return begin


@pytest.fixture
def every_second(task: Callable[..., Path]) -> Callable[..., Path]:
    """`every_second("x")` writes down each of its due times in the file `x`."""

    def write(name: str, **keys: Any) -> Path:
        command = f"echo $AUTOMATE_DUE >>{name}"
        return task(name, **{"command": command, "schedule": "every second", "overlap": "allow"} | keys)

    return write


@pytest.fixture
def once(task: Callable[..., Path]) -> Callable[..., Path]:
    """`once("x", command)` is due in two seconds, and then no more."""

    def write(name: str, command: str = WAITS, **keys: Any) -> Path:
        at = datetime.now(UTC) + timedelta(seconds=2)
        return task(name, command, schedule=f"{at:%Y-%m-%d %H:%M:%S}", timezone="UTC", **keys)

    return write
