"""What the tests of the daemon share: the daemon in the background, what it says, tasks due at a moment of choice."""

import itertools
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from automate.cli import json_schemas
from tests.cli.test_schema import closed
from tests.conftest import Records, Start, Until, WriteTask

WAITS = "until [ -e go ]; do sleep 0.1; done"


@pytest.fixture
def events(instance: Path) -> Iterator[Records]:
    """`events("added", task="x")`: what the daemons have said, with this action and about these.

    At the end all of it is held to its schema.
    """

    def read(action: str | None = None, **about: object) -> list[dict[str, Any]]:
        path = instance / "said"
        lines = path.read_text().splitlines() if path.exists() else []
        return [
            event
            for event in map(json.loads, lines)
            if action in (None, event["action"]) and about.items() <= event.items()
        ]

    yield read
    validator = jsonschema.Draft202012Validator(closed(json_schemas.schema("event")))
    for event in read()[:100]:
        validator.validate(event)


@pytest.fixture
def serve(
    start: Start,
    events: Records,
    until: Until,
    instance: Path,
) -> Start:
    """`serve("--stop-tasks")` is a daemon, once it serves."""

    def begin(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        before = len(events("serving"))
        with (instance / "said").open("ab") as said:
            daemon = start("serve", "--json", *arguments, **{"stderr": said, "stdout": subprocess.DEVNULL} | more)
        until(lambda: len(events("serving")) > before)
        return daemon

    return begin


@pytest.fixture
def every_second(task: WriteTask) -> WriteTask:
    """`every_second("x")` writes down each of its due times in the file `x`."""

    def write(name: str, **keys: Any) -> Path:
        command = f"echo $AUTOMATE_DUE >>{name}"
        return task(name, **{"command": command, "schedule": "every second", "overlap": "allow"} | keys)

    return write


@pytest.fixture
def once(task: WriteTask) -> WriteTask:
    """`once("x", command)` is due in two seconds, later on a busy machine, and then no more."""

    def write(name: str, command: str = WAITS, **keys: Any) -> Path:
        at = datetime.now(UTC) + timedelta(seconds=2 + os.getloadavg()[0] / (os.cpu_count() or 1))
        return task(name, command, schedule=f"{at:%Y-%m-%d %H:%M:%S}", timezone="UTC", **keys)

    return write


FILL = (1 << 20, 1 << 12, 1)


class Disk:
    """A small file system that holds `where`."""

    def __init__(self, where: Path) -> None:
        self.where = where
        self.filler = where / "filler"

    def fill(self) -> None:
        """Leave no room for another byte."""
        with self.filler.open("ab", buffering=0) as file:
            for size in FILL:
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def use_inodes(self) -> None:
        """Leave no room for another file."""
        with suppress(OSError):
            for number in itertools.count():
                (self.where / f"empty.{number}").touch()

    def make_room(self) -> None:
        self.filler.unlink()

    def free(self) -> int:
        about = os.statvfs(self.where)
        return about.f_bavail * about.f_frsize


Mount = Callable[[str, Path], Disk]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """`mounted("ext4", path)` is a small file system, made and mounted there; "inodes" has room for few files only."""
    places: list[Path] = []

    def mount(kind: str, where: Path) -> Disk:
        where.mkdir(exist_ok=True)
        image = tmp_path / f"image.{len(places)}"
        if kind in {"tmpfs", "inodes"}:
            size = "size=800k" if kind == "tmpfs" else "size=8m,nr_inodes=100"
            options = ["-t", "tmpfs", "-o", f"{size},mode=755", "automate-test"]
        else:
            with image.open("wb") as file:
                file.truncate(300 << 20 if kind == "xfs" else 8 << 20)  # mkfs.xfs(8) makes none smaller
            quiet = ["-q", "-m", "0"] if kind == "ext4" else ["-q"]
            subprocess.run([f"mkfs.{kind}", *quiet, image], check=True)
            options = ["-o", "loop", str(image)]
        subprocess.run(["mount", *options, where], check=True)
        places.append(where)
        return Disk(where)

    yield mount
    for where in places:
        subprocess.run(["umount", "--lazy", where], check=True)
