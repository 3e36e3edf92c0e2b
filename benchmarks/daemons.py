"""`automate serve` and Debian's cron, each alone with its own tasks: for benchmarks that put them side by side."""

import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
# In a mount namespace of its own, cron sees only the crontab that is bound over the system's.
_CRON = """
mount -t tmpfs none /run
mkdir "$1/empty"
for directory in /etc/cron.d /var/spool/cron; do mount --bind "$1/empty" "$directory"; done
mount --bind "$1/crontab" /etc/crontab
exec cron -f
"""


class Daemon(NamedTuple):
    """A scheduler that runs; `process` is its main process."""

    name: str
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        """Its own and those of the children it has waited for."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return sum(map(int, fields[11:15])) / _TICKS

    def own_cpu_seconds(self) -> float:
        """Without children."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return sum(map(int, fields[11:13])) / _TICKS

    def memory(self) -> int:
        """PSS in KiB: its share of what it uses, proc(5)."""
        text = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))

    def end(self) -> None:
        self.process.terminate()
        self.process.wait()


def automate(directory: Path, commands: list[str], due: datetime) -> Daemon:
    """With a task for each command, due once a day at that minute."""
    (directory / "tasks.d").mkdir()
    for number, command in enumerate(commands):
        text = f"command: '{command}'\nschedule: {due.minute} {due.hour} * * *\n"
        (directory / "tasks.d" / f"task-{number:05}.yaml").write_text(text)
    serve = [sys.executable, "-m", "automate", "-C", str(directory), "serve"]
    return Daemon("automate", subprocess.Popen(serve, stderr=subprocess.DEVNULL))


def cron(directory: Path, commands: list[str], due: datetime) -> Daemon | None:
    """The same as lines of /etc/crontab; None where cron is not installed, or this is not root."""
    if shutil.which("cron") is None or os.geteuid() != 0:
        return None
    lines = [f"{due.minute} {due.hour} * * * root {command.replace('%', chr(92) + '%')}\n" for command in commands]
    (directory / "crontab").write_text("".join(lines))
    (directory / "crontab").chmod(0o600)
    start = ["unshare", "--mount", "sh", "-c", _CRON, "cron", str(directory)]
    return Daemon("cron", subprocess.Popen(start, stderr=subprocess.DEVNULL))


def next_minute(soonest: float) -> datetime:
    """The begin of a minute at least `soonest` seconds away, in local time."""
    at = time.time() + soonest
    return datetime.fromtimestamp(at - at % 60 + 60).astimezone()
