"""What it costs to read ten thousand task files of which none was ever read, and what it costs once they were.

    python -m benchmarks.unread [COUNT]

Processor time (user and system) beside the wall clock, since the machine may have other things to do; the fastest of
some rounds. `serve` is timed from its start to the end of its first step. The tasks are of two kinds: two lines with
few schedules, and ten lines with a schedule of their own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

COUNT = 10_000
ROUNDS = 3
AUTOMATE = [sys.executable, "-m", "automate"]
IMPORT_CLICK = [sys.executable, "-c", "import click"]


class Cost(NamedTuple):
    """Of one process, in seconds; the lesser comes first."""

    cpu: float
    wall: float


def main() -> None:
    """Print a line for each command on each kind of tasks."""
    count = int(sys.argv[1]) if sys.argv[1:] else COUNT
    click = min(cost(IMPORT_CLICK) for _ in range(ROUNDS))
    for kind, text in (("short", short), ("long", long)):
        with tempfile.TemporaryDirectory() as directory:
            make(Path(directory), count, text)
            ours = [*AUTOMATE, "-C", directory]
            for command in ("list", "check", "doctor", "tick", "serve"):
                measured = serving if command == "serve" else cost
                told(f"{kind} {command}", click, partial(measured, [*ours, command]), directory)


def short(number: int) -> str:
    return f"command: 'true'\nschedule: daily at {number % 24:02}:{number % 60:02}\n"


def long(number: int) -> str:
    return f"""\
# the task with the number {number}
description: Nightly dump of database {number}
command: pg_dump db{number} | zstd > /srv/backup/{number}.sql.zst
schedule: '{number % 60} {number // 60 % 24} {1 + number // 1440} * *'
timezone: Europe/Berlin
timeout: 2h
retries: 3
labels: [db, nightly]
env:
  PGHOST: db{number}
"""


def make(directory: Path, count: int, text: Callable[[int], str]) -> None:
    """Write tasks that look as if they had been there for an hour."""
    (directory / "tasks.d").mkdir()
    an_hour_ago = time.time() - 3600
    for number in range(count):
        file = directory / "tasks.d" / f"task-{number:05}.yaml"
        file.write_text(text(number))
        os.utime(file, (an_hour_ago, an_hour_ago))


def told(what: str, click: Cost, measured: Callable[[], Cost], directory: str) -> None:
    """Unread, that is without a state; then read."""
    unread = []
    for _ in range(ROUNDS):
        shutil.rmtree(Path(directory) / ".automate", ignore_errors=True)
        unread.append(measured())
    subprocess.run([*AUTOMATE, "-C", directory, "list"], check=True, stdout=subprocess.DEVNULL)
    read = [measured() for _ in range(ROUNDS)]
    first, later = min(unread), min(read)
    ratio = f"{first.cpu / click.cpu:5.1f} x import click"
    print(f"  {what:<13} unread {_said(first)}, {ratio}; read {_said(later)}", flush=True)


def _said(cost: Cost) -> str:
    return f"{cost.cpu:5.2f} s CPU, {cost.wall:5.2f} s"


def cost(command: list[str]) -> Cost:
    """Of one run of it, output thrown away."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return ended(process, began)


def serving(command: list[str]) -> Cost:
    """Told to end as soon as it serves, it takes its first step, which reads the files, and ends."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    assert process.stderr is not None
    while b" serving " not in process.stderr.readline():
        pass
    process.terminate()
    process.stderr.read()
    return ended(process, began)


def ended(process: "subprocess.Popen[bytes]", began: float) -> Cost:
    """Its cost, once it has ended."""
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - began)


if __name__ == "__main__":
    main()
