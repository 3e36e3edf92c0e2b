"""`automate list` of 100 and of 10,000 unchanged tasks, as a ratio to `python -c 'import click'`.

    python -m benchmarks.listing [COUNT...]

Every second task has run; every tenth is due every few minutes, so that some due times pass between two runs.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from automate.paths import of_directory
from automate.state.last_runs import LastRun, remember_last
from automate.supervisor import open_instance

GOALS = {100: 2.0, 10_000: 5.0}
ROUNDS = 21
IMPORT_CLICK = [sys.executable, "-c", "import click"]


def main() -> None:
    """Print a line for each number of tasks."""
    for count in map(int, sys.argv[1:] or GOALS):
        with tempfile.TemporaryDirectory() as directory:
            make(Path(directory), count)
            measure(Path(directory), count)


def make(directory: Path, count: int) -> None:
    """Write tasks that look as if they had been there for an hour, and what ran of them."""
    (directory / "tasks.d").mkdir()
    an_hour_ago = time.time() - 3600
    for number in range(count):
        file = directory / "tasks.d" / f"task-{number:05}.yaml"
        often = number % 10 == 0
        schedule = f"every {5 + number % 50} minutes" if often else f"daily at {number % 24:02}:{number % 60:02}"
        file.write_text(f"description: The task with the number {number}\ncommand: 'true'\nschedule: {schedule}\n")
        os.utime(file, (an_hour_ago, an_hour_ago))
    state = open_instance(of_directory(str(directory)))
    with state.transaction():
        remember_last(
            state,
            [
                LastRun(f"task-{number:05}", number, "success", an_hour_ago + number, an_hour_ago + number + 2, 2.0)
                for number in range(0, count, 2)
            ],
        )
    state.close()


def measure(directory: Path, count: int) -> None:
    """Both commands by turns, so that what else the machine does slows both; the fastest round of each is compared."""
    listing = [sys.executable, "-m", "automate", "-C", str(directory), "list"]
    first = seconds(listing)
    rounds = [(seconds(IMPORT_CLICK), seconds(listing)) for _ in range(ROUNDS)]
    click, listed = (min(times) for times in zip(*rounds, strict=True))
    goal = f", goal {GOALS[count]:.1f}" if count in GOALS else ""
    print(
        f"list {count:6} tasks: {listed * 1000:6.1f} ms, import click {click * 1000:5.1f} ms: "
        f"ratio {listed / click:.2f}{goal}; the first time {first:.2f} s"
    )


def seconds(command: list[str]) -> float:
    """What it takes, output thrown away."""
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
