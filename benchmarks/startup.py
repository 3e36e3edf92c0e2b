"""What each command costs on a small instance, as a ratio to `python -c 'import click'`.

python -m benchmarks.startup
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMANDS = (
    "--version", "--help", "list", "show one", "check", "history", "log one", "next", "schema", "completion bash",
    "tick", "run -q one",
)  # fmt: skip
ROUNDS = 11
IMPORT_CLICK = [sys.executable, "-c", "import click"]


def main() -> None:
    """Print a line for each command: the fastest of some rounds, taken in turn with what it is compared to."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "tasks.d").mkdir()
        (Path(directory) / "tasks.d" / "one.yaml").write_text("command: echo hello\nschedule: daily at 02:00\n")
        for command in COMMANDS:
            ours = [sys.executable, "-m", "automate", "-C", directory, *command.split()]
            seconds(ours)
            pairs = [(seconds(ours), seconds(IMPORT_CLICK)) for _ in range(ROUNDS)]
            own, click = (min(times) for times in zip(*pairs, strict=True))
            print(f"  {command:<16} {own * 1000:6.1f} ms  {own / click:5.2f} x import click", flush=True)


def seconds(command: list[str]) -> float:
    """Of one run of it, wall clock."""
    began = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
