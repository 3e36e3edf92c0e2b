"""Fuzz what the program reads from disk, guided by the coverage of `automate` (atheris, libFuzzer).

`make fuzz` takes each kind for SECONDS=600. By hand, with atheris installed (`.venv/bin/pip install atheris`):

    .venv/bin/python -m tests.fuzz.fuzzing KIND [-max_total_time=600] [FILE...]

KIND is a key of KINDS. The options are libFuzzer's. A FILE is an input that failed before (crash-*), to try it again.
An input fails if a command ends with a traceback, takes half a minute, or writes a control character that a terminal
would obey. No input can start a process or send a signal: the system calls for it are replaced first.
"""

import errno
import faulthandler
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn

import atheris

with atheris.instrument_imports(include=["automate"]):
    import importlib
    import pkgutil

    import automate
    from automate import clock
    from automate.cli.exits import exit_status
    from automate.cli.root import invoke
    from automate.cli.shell import Shell
    from automate.run import Record
    from automate.task import Task

    for module in pkgutil.walk_packages(automate.__path__, "automate."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "0.1.0"
LINES = (DATA / "runs.jsonl").read_bytes().splitlines()
EXAMPLES = [path.read_bytes() for path in sorted((ROOT / "examples").glob("*.yaml"))]
SETTINGS = b"defaults: {timezone: UTC, nice: 5}\ncalendars:\n  holidays: [2026-12-25]\nmax_running: 4\ngroup: root\n"
NOW = 1800020000.0
"""The time of all commands, in epoch seconds: soon after that of DATA."""
PATIENCE = 10.0  # seconds
TASKS = ("all_", "paused", "queued", "retries", "running", "skipping", "ok")
COMMANDS = (
    "list", "list --json", "list --columns name,note,due,user,run", "history", "history -n 0 --json",
    "history -n 0 --csv", "show queued", "show retries --json", "show running --all", "audit", "audit --json",
    "why running", "why queued --json", "why paused --at 12:00", "next", "next --json", "status", "metrics", "tick",
    "log", "log retries", "check", "run --dry-run queued", "edit retries --set timeout=1h --dry-run",
    "edit retries --undo", "stop #5", "resume paused", "pause queued", "export crontab", "export systemd", "timeline",
    "timeline --svg -", "doctor",
)  # fmt: skip
UNESCAPED = ("log", "export", "timeline --svg")
"""Commands whose standard output is what a task or its output is, byte for byte."""
VALUES = (0, 1, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 1e300, -1e300, 9e999, -62e9, 253e9, "", None, b"", b"\xff")


class Draw:
    """What the bytes of an input choose."""

    def __init__(self, content: bytes) -> None:
        self._data = atheris.FuzzedDataProvider(content)
        self.number = self._data.ConsumeIntInRange
        self.yes = self._data.ConsumeBool

    def among(self, things: Any) -> Any:
        return things[self.number(0, len(things) - 1)]

    def content(self, longest: int) -> bytes:
        return bytes(self._data.ConsumeBytes(self.number(0, longest)))

    def value(self) -> object:
        """A value of any type that a column can have."""
        return self.among((
            lambda: self.among(VALUES),
            lambda: self._data.ConsumeInt(8),
            self._data.ConsumeFloat,
            lambda: self._data.ConsumeUnicode(self.number(0, 60)),
            lambda: "[" * self.number(0, 100_000),
            lambda: self.content(60),
        ))()  # fmt: skip

    def field(self) -> object:
        """A value that JSON can have."""
        value = self.value()
        return value.decode("latin-1") if isinstance(value, bytes) else value

    def spliced(self, text: bytes) -> bytes:
        """The text with a piece replaced."""
        start = self.number(0, len(text))
        end = self.number(start, min(len(text), start + 40))
        return text[:start] + self.content(40) + text[end:]


class Instance:
    """An instance in memory, whose state and log are new for each input."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="fuzz.", dir="/dev/shm"))
        self.here = self.root / "instance"
        self.tasks = self.here / "tasks.d"
        self.state = self.here / ".automate"
        self.loose = self.root / "loose.db"
        self._template = self.root / "template"
        self.tasks.mkdir(parents=True)
        for name in TASKS:
            (self.tasks / f"{name}.yaml").write_text("command: 'true'\nschedule: every minute\ntimezone: UTC\n")
        for part in ("log/output/retries", "locks/task", "locks/shared", "summaries", "calls", "edits/retries"):
            (self._template / part).mkdir(parents=True)
        shutil.copytree(DATA / "open", self._template / "open")
        shutil.copy(DATA / "runs.jsonl", self._template / "log" / "runs.jsonl")
        script = (DATA / "state.sql").read_text()
        for path, text in (
            (self._template / "state.db", script),
            (self.loose, script.replace("STRICT,", "").replace("STRICT", "")),  # columns take values of any type
        ):
            with closing(sqlite3.connect(path)) as database:
                database.executescript(text)
        self.renew()
        run(self, "list")  # fills the parse cache
        shutil.copy(self.state / "state.db", self._template)

    def renew(self) -> None:
        shutil.rmtree(self.state, ignore_errors=True)
        shutil.copytree(self._template, self.state)


def run(instance: Instance, command: str) -> None:
    """Run a command line on the instance; raise what it would show as a traceback."""
    bugs: list[BaseException] = []

    def note(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
        bugs.append(error)

    sys.argv = ["automate", "-C", str(instance.here), *command.split()]
    sys.excepthook = note
    with (
        _output(instance.root / "stdout") as output,
        _output(instance.root / "stderr") as errors,
        redirect_stdout(output),
        redirect_stderr(errors),
        _interrupted(PATIENCE if command == "tick" else 3600.0),
    ):
        exit_status(lambda: invoke(Shell()))
    sys.excepthook = sys.__excepthook__
    if bugs:
        raise bugs[0]
    _check_harmless(instance.root / "stderr")
    if not command.startswith(UNESCAPED) and "--json" not in command and "--csv" not in command:
        _check_harmless(instance.root / "stdout")


@contextmanager
def _interrupted(seconds: float) -> Iterator[None]:
    """Send a SIGINT after a while: `tick` waits for runs that wait, and NOW never passes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    main_thread = threading.get_ident()
    timer = threading.Timer(seconds, lambda: signal.pthread_kill(main_thread, signal.SIGINT))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


@contextmanager
def _output(path: Path) -> Iterator[Any]:
    with path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        yield file


def _check_harmless(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for code in {ord(character) for character in text} - {ord("\n"), ord("\t")}:
        if code < 0x20 or 0x7F <= code < 0xA0 or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
            raise AssertionError(f"a terminal would see {chr(code)!r} in {text[:2000]!r}")


def start_nothing() -> None:
    """Make starting a process and sending a signal fail: tasks and PIDs are inputs here."""

    def start(*_words: object, **_more: object) -> NoReturn:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    def kill(*_words: object) -> NoReturn:
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    for name in ("posix_spawn", "posix_spawnp", "fork", "forkpty", "execv", "execve", "system"):
        setattr(os, name, start)
    subprocess.Popen.__init__ = start  # type: ignore[method-assign]
    os.kill = os.killpg = signal.pidfd_send_signal = kill


def fuzz_runlog(instance: Instance, draw: Draw) -> None:
    log = instance.state / "log" / "runs.jsonl"
    lines = [log.read_bytes() if draw.yes() else b"", *(_line(draw) for _ in range(draw.number(0, 20)))]
    log.write_bytes(b"\n".join([*lines, draw.content(300)]))
    _lose_state(instance, draw)


def _line(draw: Draw) -> bytes:
    line: bytes = draw.among(LINES)
    if draw.yes():
        return draw.spliced(line)
    fields = json.loads(line)
    for _ in range(draw.number(1, 4)):
        fields[draw.among(Record.__struct_fields__)] = draw.field()
    return json.dumps(fields).encode()


def fuzz_status(instance: Instance, draw: Draw) -> None:
    for path in sorted((instance.state / "open").iterdir()):
        head, _, rest = path.read_bytes().partition(b"\n")
        if draw.yes():
            fields = json.loads(head)
            for _ in range(draw.number(0, 3)):
                inside = fields["run"] if draw.yes() and isinstance(fields["run"], dict) else fields
                inside[draw.among(sorted(inside))] = draw.field()
            head = json.dumps(fields).encode()
        text = head + b"\n" + rest
        path.write_bytes((draw.spliced(text) if draw.yes() else text) + draw.content(60))
    _lose_state(instance, draw)


def _lose_state(instance: Instance, draw: Draw) -> None:
    if draw.yes():
        (instance.state / "state.db").unlink()


def fuzz_state(instance: Instance, draw: Draw) -> None:
    path = instance.state / "state.db"
    if draw.yes():
        shutil.copy(instance.loose, path)
    if draw.number(0, 3) == 0:
        path.write_bytes(_damaged(path.read_bytes(), draw))
        return
    with closing(sqlite3.connect(path, isolation_level=None)) as database, suppress(sqlite3.Error):
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for _ in range(draw.number(1, 4)):
            _change(database, draw.among(tables)[0], draw)


def _damaged(content: bytes, draw: Draw) -> bytes:
    for _ in range(draw.number(1, 8)):
        place, piece = draw.number(0, len(content)), draw.content(16)
        content = content[:place] + piece + content[place + len(piece) :]
    return content[: draw.number(0, len(content))] if draw.yes() else content


def _change(database: sqlite3.Connection, table: str, draw: Draw) -> None:
    """Set a column of all rows to a value, or to that of a row with a piece replaced; or not, if it is refused."""
    columns = [column for _, column, *_ in database.execute(f"PRAGMA table_info({table})")]
    column, value = draw.among(columns), draw.value()
    rows = database.execute(f"SELECT {column} FROM {table} LIMIT 9").fetchall()  # noqa: S608 - names of its own
    known = draw.among(rows)[0] if rows and draw.yes() else None
    if isinstance(known, bytes):
        value = draw.spliced(known)
    elif isinstance(known, str):
        value = draw.spliced(known.encode()).decode(errors="replace")
    with suppress(sqlite3.Error, OverflowError, UnicodeError):
        database.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))  # noqa: S608 - the same


def fuzz_task(instance: Instance, draw: Draw) -> None:
    for name in TASKS:
        (instance.tasks / f"{name}.yaml").write_bytes(_task(draw))
    settings = instance.here / "automate.yaml"
    settings.unlink(missing_ok=True)
    if draw.number(0, 3) == 0:
        settings.write_bytes(draw.spliced(SETTINGS))


def _task(draw: Draw) -> bytes:
    kind = draw.number(0, 3)
    if kind == 0:
        return draw.content(400)
    if kind == 1:
        return draw.spliced(draw.among(EXAMPLES))
    keys = (f"{draw.among(Task.__struct_fields__)}: ".encode() + draw.content(60) for _ in range(draw.number(1, 4)))
    return b"\n".join((b"command: 'true'", *keys, b""))


KINDS: dict[str, Callable[[Instance, Draw], None]] = {
    "runlog": fuzz_runlog, "status": fuzz_status, "state": fuzz_state, "task": fuzz_task,
}  # fmt: skip


def main() -> None:
    kind, *options = sys.argv[1:]
    os.environ.update({"TZ": "UTC", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"})
    clock.now = lambda: NOW
    start_nothing()
    instance = Instance()

    def one_input(content: bytes) -> None:
        draw = Draw(content)
        commands = [draw.among(COMMANDS), draw.among(COMMANDS)]
        faulthandler.dump_traceback_later(25)  # libFuzzer ends this process after 30, without a word where it was
        instance.renew()
        KINDS[kind](instance, draw)
        for command in commands:
            run(instance, command)

    if all(option.startswith("-") for option in options):
        options.append(_seeds(instance.root / "seeds"))
    atheris.Setup(
        [sys.argv[0], "-timeout=30", "-rss_limit_mb=3000", "-max_len=2048", "-len_control=0", *options], one_input
    )
    atheris.Fuzz()


def _seeds(directory: Path) -> str:
    directory.mkdir()
    for number in range(50):
        (directory / str(number)).write_bytes(os.urandom(1000))
    return str(directory)


if __name__ == "__main__":
    main()
