"""What `automate history` costs in short and long run logs, beside grep: `python -m benchmarks.history`.

Whole processes are timed, each as the best of several.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from automate import paths
from automate.run import Record

SHORT, LONG = 1_000, 1_000_000
RARE = "quarterly-report"
ROUNDS = 7


def main() -> None:
    """Print the table."""
    with TemporaryDirectory() as directory:
        short, long = (_instance(Path(directory, str(count)), count) for count in (SHORT, LONG))
        _compare("history -n 20, a million records", _history(long), "a thousand", _history(short))
        _compare("history -n 20, a thousand records", _history(short), "import click", _python("import click"))
        _compare(f"history {RARE}", _history(long, RARE), "grep | tail -20", _grep(long, f'"task":"{RARE}"'))
        _compare(f"history {RARE}", _history(long, RARE), "grep NAME | tail -20", _grep(long, RARE))
        _compare("history quarterly-*", _history(long, "quarterly-*"), "grep | tail -20", _grep(long, "quarterly-"))
        _compare(
            "history --status failed", _history(long, "--status", "failed"), "grep | tail -20", _grep(long, '"failed"')
        )
        _compare("log 1 (the oldest id)", _automate(long, "log", "-q", "1"), "grep", _grep(long, '"id":1,'))


def _compare(what: str, ours: Sequence[str], beside: str, theirs: Sequence[str]) -> None:
    ours_best = theirs_best = float("inf")
    for _ in range(ROUNDS):  # by turns, so that both meet the same neighbours
        ours_best = min(ours_best, _seconds(ours))
        theirs_best = min(theirs_best, _seconds(theirs))
    ratio = ours_best / theirs_best
    print(f"{what:36}{ours_best * 1000:8.0f} ms   {beside:22}{theirs_best * 1000:8.0f} ms   ratio {ratio:5.2f}")


def _seconds(arguments: Sequence[str]) -> float:
    begin = perf_counter()
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return perf_counter() - begin


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def _automate(directory: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "automate", "-C", str(directory), *arguments]


def _history(directory: Path, *arguments: str) -> list[str]:
    return _automate(directory, "history", "-n", "20", *arguments)


def _grep(directory: Path, text: str) -> list[str]:
    return ["sh", "-c", 'grep "$0" "$1" | tail -20', text, paths.of_directory(str(directory)).run_log]


def _instance(directory: Path, count: int) -> Path:
    """A hundred tasks' records, one in a hundred of them failed, and two of the rare task."""
    directory.mkdir()
    instance = paths.of_directory(str(directory))
    Path(instance.log).mkdir(parents=True)
    line = Record(
        id=0,
        task="TASK",
        outcome="success",
        trigger="schedule",
        due="2026-11-21T02:00:00+01:00",
        started="2026-11-21T02:00:00.004+01:00",
        ended="2026-11-21T02:12:31.118+01:00",
        seconds=751.114,
        exit_code=0,
        attempts=1,
        host="db1",
        user="postgres",
        pid=4242,
        cpu_seconds=310.2,
        max_rss=88432640,
        output_bytes=5120,
        summary={"databases": 14},
    ).line()
    before, middle, after = line.replace(b'"id":0', b"SPLIT").replace(b"TASK", b"SPLIT").split(b"SPLIT")
    failed = after.replace(b'"success"', b'"failed"')
    rare = {count // 10, count // 2}
    with open(instance.run_log, "wb") as log:
        for number in range(1, count + 1):
            name = RARE if number in rare else f"task-{number % 100}"
            end = failed if number % 100 == 50 else after
            log.write(before + b'"id":%d' % number + middle + name.encode() + end)
    return directory


if __name__ == "__main__":
    main()
