"""What is done to an instance while its tasks are due: everything a bad day may bring, at random."""

import gzip
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.chaos import chaotic_tasks
from tests.chaos.disk import Disk
from tests.chaos.victims import Victims

SERVERS = 2
MOST_COMMANDS = 8  # at the same time
BUSY_FOR = 3.0  # seconds until another one tries to serve, when one does already
LONGEST_STOP = 2.0  # seconds
LONGEST_FULL = 3.0
_COMMANDS = (
    ("tick",),
    ("tick",),
    ("tick", "--no-wait"),
    ("tick", "--no-wait"),
    ("list",),
    ("list", "--json"),
    ("history", "-n", "5"),
    ("run", "--detach", "quick"),
    ("run", "allowed", "failing"),
    ("stop", "slow"),
    ("stop", "*"),
    ("pause", "--all", "--for", "2s"),
    ("pause", "quick", "shared-*", "--for", "3s", "--reason", "chaos"),
    ("pause", "every"),
    ("resume", "*"),
    ("resume",),
    ("audit",),
    ("run", "--detach", "left-right", "right-left"),
    ("run", "patient"),
    ("stop", "replaced", "trying"),
    ("stop", "patient", "hurried", "right"),
    ("pause", "right*", "trying", "--for", "4s"),
    ("edit", "edited-a", "--set", "timeout=1s", "--set", "jitter=1s"),
    ("edit", "edited-a", "--unset", "jitter"),
    ("edit", "edited-b", "--schedule", "every 4 seconds"),
    ("edit", "edited-b", "--disable"),
    ("edit", "edited-b", "--enable"),
    ("edit", "edited-a", "--undo"),
    ("why", "slow"),
    ("show", "trying"),
    ("status",),
)
_BUSY = 75
_BUG = 70
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)


class Disturbing:
    """One instance in `base`, whose tasks write to `base/trace`. What the commands say is kept in `base/said`."""

    def __init__(self, base: Path, seed: int, *, environment: dict[str, str], loses_state: bool) -> None:
        self.instance, self.trace, self.said = base / "instance", base / "trace", base / "said"
        self.disk = Disk(self.instance)
        self.victims = Victims(self.instance)
        self.done: dict[str, int] = {}
        self.ends: Counter[str] = Counter()
        self.faults: list[str] = []
        self._chance = random.Random(seed)  # noqa: S311 - a test's dice
        self._environment = environment
        self._loses_state = loses_state
        self._servers: list[subprocess.Popen[bytes]] = []
        self._commands: list[tuple[tuple[str, ...], subprocess.Popen[bytes]]] = []
        self._next_server = 0.0
        self._later: list[tuple[float, Callable[[], object]]] = []
        chaotic_tasks.write_all(self.instance, self.trace)

    def go_on(self, seconds: float) -> None:
        """Disturb it for so long."""
        until = time.monotonic() + seconds
        ways = {way.__name__.strip("_"): (way, weight) for way, weight in self._ways()}
        while time.monotonic() < until:
            self._keep_serving()
            name = self._chance.choices([*ways], [weight for _, weight in ways.values()])[0]
            ways[name][0]()
            self.done[name] = self.done.get(name, 0) + 1
            self._do_later(time.monotonic())
            self._reap()
            time.sleep(self._chance.uniform(0.02, 0.5))

    def calm(self) -> None:
        """Nothing is stopped, full, broken or paused any more, and nobody serves."""
        self._do_later(float("inf"))
        self.disk.make_room()
        for pid in [*self.victims.schedulers(), *self.victims.of_runs()]:
            self.victims.send(pid, signal.SIGCONT)
        for server in self._servers:
            server.terminate()
        for server in self._servers:
            self._check_end(("serve",), server.wait(30))
        for words, process in self._commands:
            self._check_end(words, process.wait(90))
        self._servers, self._commands = [], []

    def leave(self) -> None:
        """Nothing of it is left running, whatever has happened, and no disk."""
        for pid in [*self.victims.schedulers(), *self.victims.of_runs()]:
            self.victims.send(pid, signal.SIGKILL)
        self.disk.leave()

    def run(self, *words: str, timeout: float = 90) -> "subprocess.CompletedProcess[str]":
        """A command, to its end."""
        return subprocess.run(
            self._argv(words), env=self._environment, timeout=timeout, check=False, capture_output=True, text=True
        )

    def _ways(self) -> list[tuple[Callable[[], None], int]]:
        return [
            (self._ask, 12),
            (self._tick_together, 4),
            (self._signal_a_scheduler, 8),
            (self._signal_a_server, 3),
            (self._stop_and_continue, 4),
            (self._kill_of_a_run, 3),
            (self._edit, 4),
            (self._rotate, 2),
            (self._fill, 1),
            (self._rest, 2),
            (self._lose_state, 1 if self._loses_state else 0),
        ]

    def _argv(self, words: tuple[str, ...]) -> list[str]:
        return [sys.executable, "-m", "automate", "-C", str(self.instance), *words]

    def _start(self, words: tuple[str, ...]) -> "subprocess.Popen[bytes]":
        """With little room in files now and then, where no disk can be filled."""
        cramped = not self.disk.is_mounted and self._chance.random() < 0.2
        with self.said.open("ab") as said:
            process = subprocess.Popen(
                self._argv(words), env=self._environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        if cramped:
            with suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (self._chance.randrange(1 << 18), -1))
        return process

    def _keep_serving(self) -> None:
        for server in [server for server in self._servers if server.poll() is not None]:
            self._servers.remove(server)
            self._check_end(("serve",), server.returncode)
            self._next_server = time.monotonic() + (BUSY_FOR if server.returncode == _BUSY else 0.0)
        while len(self._servers) < SERVERS and time.monotonic() >= self._next_server:
            self._servers.append(self._start(("serve",)))

    def _reap(self) -> None:
        for words, process in [ended for ended in self._commands if ended[1].poll() is not None]:
            self._commands.remove((words, process))
            self._check_end(words, process.returncode)

    def _check_end(self, words: tuple[str, ...], status: int) -> None:
        self.ends[f"{words[0]} {status}"] += 1
        if status == _BUG:
            self.faults.append(f"automate {' '.join(words)} found a bug")

    def _ask(self) -> None:
        if len(self._commands) < MOST_COMMANDS:
            words = self._chance.choice(_COMMANDS)
            self._commands.append((words, self._start(words)))

    def _tick_together(self) -> None:
        """All find the same due times, and one of them may have each."""
        if len(self._commands) < MOST_COMMANDS:
            words = ("tick", "--no-wait")
            self._commands += [(words, self._start(words)) for _ in range(4)]

    def _signal_a_scheduler(self) -> None:
        if victims := self.victims.schedulers():
            self.victims.send(self._chance.choice(victims), self._chance.choice(_SIGNALS))

    def _signal_a_server(self) -> None:
        if self._servers:
            self.victims.send(self._chance.choice(self._servers).pid, self._chance.choice(_SIGNALS))

    def _stop_and_continue(self) -> None:
        if victims := self.victims.schedulers():
            pid = self._chance.choice(victims)
            self.victims.send(pid, signal.SIGSTOP)
            self._after(LONGEST_STOP, lambda: self.victims.send(pid, signal.SIGCONT))

    def _kill_of_a_run(self) -> None:
        if victims := self.victims.of_runs():
            self.victims.send(self._chance.choice(victims), signal.SIGKILL)

    def _edit(self) -> None:
        name = self._chance.choice(chaotic_tasks.EDITED)
        file = self.instance / "tasks.d" / f"{name}.yaml"
        fault, every = "command: [\n", self._chance.choice(chaotic_tasks.PERIODS)
        text = self._chance.choice([fault, "", *[chaotic_tasks.text(name, self.trace, every)] * 4])
        with suppress(OSError):  # a full disk: what is there then is broken, or half
            if not text:
                file.unlink(missing_ok=True)
            elif self._chance.random() < 0.5:
                file.write_text(text)
            else:
                beside = file.with_suffix(".tmp")
                beside.write_text(text)
                beside.replace(file)

    def _rotate(self) -> None:
        """As logrotate does: `.1` is the newest, and from `.2` on they may be compressed."""
        log = self.instance / ".automate" / "log"
        with suppress(FileNotFoundError):
            older = sorted((_number(path), path) for path in log.glob("runs.jsonl.*"))
            for number, path in reversed(older):
                path.rename(path.with_name(path.name.replace(f".{number}", f".{number + 1}", 1)))
            (log / "runs.jsonl").rename(log / "runs.jsonl.1")
            if self._chance.random() < 0.5:
                _compress(log / f"runs.jsonl.{2}")

    def _fill(self) -> None:
        if self.disk.is_mounted:
            self.disk.fill()
            self._after(LONGEST_FULL, self.disk.make_room)

    def _lose_state(self) -> None:
        """Removed, or overwritten with what is no database."""
        state = self.instance / ".automate"
        is_removed = self._chance.random() < 0.7
        for path in state.glob("state.db*" if is_removed else "state.db"):
            with suppress(OSError):
                path.unlink() if is_removed else path.write_bytes(self._chance.randbytes(40000))

    def _rest(self) -> None:
        time.sleep(self._chance.uniform(0.5, 2.0))

    def _after(self, longest: float, act: Callable[[], object]) -> None:
        self._later.append((time.monotonic() + self._chance.uniform(0.1, longest), act))

    def _do_later(self, now: float) -> None:
        for at, act in [later for later in self._later if later[0] <= now]:
            self._later.remove((at, act))
            act()


def _number(path: Path) -> int:
    return int(path.name.split(".")[2])


def _compress(path: Path) -> None:
    packed = path.with_name(path.name + ".gz")
    try:
        with path.open("rb") as source, gzip.open(packed, "wb") as target:
            shutil.copyfileobj(source, target)
    except FileNotFoundError:
        return
    except OSError:  # the disk is full: gzip(1) leaves the file as it was
        packed.unlink(missing_ok=True)
        return
    os.unlink(path)
