"""What `automate serve` costs while nothing is due: memory and CPU with 10, 1,000 and 10,000 tasks; and starting it.

python -m benchmarks.idle [SECONDS]
"""

import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.daemons import Daemon, automate, cron

COUNTS = (10, 1000, 10_000)


def main() -> None:
    """Print a line for each number of tasks; none is due for hours."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 30.0
    for count in COUNTS:
        for start in (cron, automate):
            with tempfile.TemporaryDirectory() as directory:
                due = datetime.now().astimezone() + timedelta(hours=6)
                daemon = start(Path(directory), ["true"] * count, due)
                if daemon is not None:
                    measure(daemon, count, seconds, Path(directory))


def measure(daemon: Daemon, count: int, seconds: float, directory: Path) -> None:
    settle(daemon)
    began = daemon.own_cpu_seconds()
    time.sleep(seconds)
    used = daemon.own_cpu_seconds() - began
    memory = daemon.memory()
    daemon.end()
    print(f"  {daemon.name:<9} {count:6} tasks: {memory / 1024:5.1f} MiB, {used * 1000:3.0f} ms CPU in {seconds:.0f} s")
    if daemon.name == "automate":
        tick = fastest([sys.executable, "-m", "automate", "-C", str(directory), "tick"])
        ratio = tick / fastest([sys.executable, "-c", "import click"])
        print(f"  {'tick':<9} {count:6} tasks: {tick * 1000:.0f} ms, {ratio:.2f} x import click", flush=True)


def settle(daemon: Daemon) -> None:
    """Until it has used no CPU for three seconds."""
    still, last = 0, -1.0
    while still < 3:
        time.sleep(1)
        used = daemon.own_cpu_seconds()
        still, last = (still + 1, used) if used == last else (0, used)


def fastest(command: list[str]) -> float:
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, check=True)
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
