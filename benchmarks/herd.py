"""1,000 tasks due at one minute, beside Debian's cron (as root, where it is installed), one after the other.

    python -m benchmarks.herd [COUNT]

Each task notes the time. Printed are the first start after the minute, the median, the 99th of 100 and the last, and
the CPU time that the daemon and what it waited for used for each task.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.daemons import Daemon, automate, cron, next_minute

PATIENCE = 120.0
BEFORE = 16.0  # seconds; what is made ready ahead of the minute counts as well


def main() -> None:
    """Print a line for each daemon, and the ratio of the last starts."""
    count = int(sys.argv[1]) if sys.argv[1:] else 1000
    lasts = [last for start in (cron, automate) if (last := measure(start, count))]
    if len(lasts) > 1:
        print(f"  last start, as a ratio to cron: {lasts[1] / lasts[0]:.2f}")


def measure(start: Callable[..., Daemon | None], count: int) -> float | None:
    """Seconds from the minute to the last start."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        notes = directory / "notes"
        due = next_minute(30 + count / 250)
        daemon = start(directory, [f"date +%s.%N >>{notes}"] * count, due)
        if daemon is None:
            return None
        time.sleep(due.timestamp() - time.time() - BEFORE)
        before = daemon.cpu_seconds()
        starts = wait_for(notes, count, due.timestamp() + PATIENCE)
        time.sleep(2)
        used = daemon.cpu_seconds() - before
        daemon.end()
    late = sorted(start - due.timestamp() for start in starts)
    p50, p99 = late[len(late) // 2], late[len(late) * 99 // 100]
    print(
        f"  {daemon.name:<9} {len(late)} starts: first {late[0] * 1000:.0f} ms, median {p50 * 1000:.0f} ms,"
        f" p99 {p99 * 1000:.0f} ms, last {late[-1] * 1000:.0f} ms; CPU {used / count * 1000:.2f} ms a task",
        flush=True,
    )
    return late[-1]


def wait_for(notes: Path, count: int, deadline: float) -> list[float]:
    """The times noted, once there are so many."""
    while time.time() < deadline:
        found = [float(line) for line in notes.read_text().split()] if notes.exists() else []
        if len(found) >= count:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{len(found)} of {count} tasks have run")


if __name__ == "__main__":
    main()
