"""What tests share: an instance in a directory of its own, and the real program to run on it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[Any]"]
WriteTask = Callable[..., Path]
WriteTexts = Callable[..., None]
Records = Callable[..., list[dict[str, Any]]]
OneRecord = Callable[..., dict[str, Any]]
Lines = Callable[[str], list[str]]
PidOf = Callable[..., int]
Until = Callable[..., Any]
Fact = TypeVar("Fact")


def pytest_configure() -> None:
    """What runs tests in the background may have ignored these for all that it starts, sh(1)'s `&` does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup(1)
    os.environ["PATH"] = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"  # `automate` in messages


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what is marked `root`, where it cannot be done."""
    if os.geteuid() != 0:
        left_out = [item for item in items if item.get_closest_marker("root")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """One test's is not the next one's: what opens an instance sets it for the whole process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def read_locks(path: str) -> int:
    """Count the locks for reading that this process has on a file; without one, SQLite may take it for unused."""
    inode, mine = os.stat(path).st_ino, str(os.getpid())
    locks = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    return sum(words[3:5] == ["READ", mine] and words[5].endswith(f":{inode}") for words in locks)


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    """The directory of an instance without tasks: for `-C`, and for `paths.of_directory(str(instance))`."""
    (tmp_path / "tasks.d").mkdir()
    return tmp_path


@pytest.fixture
def environment(instance: Path) -> dict[str, str]:
    """What commands get: nothing of the developer's settings, and a HOME in the instance."""
    return {"PATH": os.environ["PATH"], "HOME": str(instance), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}


@pytest.fixture
def run_cli(instance: Path, environment: dict[str, str]) -> RunCli:
    """`run_cli("list", "--json")` runs `automate -C INSTANCE list --json`; `dir=None` leaves `-C` out."""

    def run(
        *arguments: str,
        dir: Path | None = instance,  # noqa: A002 - as the option reads
        input: str | None = None,  # noqa: A002 - subprocess's word
        env: Mapping[str, str] = {},
        timeout: float = 60,
    ) -> "subprocess.CompletedProcess[str]":
        where = ["-C", str(dir)] if dir is not None else []
        return subprocess.run(
            [sys.executable, "-m", "automate", *where, *arguments],
            check=False,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=environment | dict(env),
            input=input,
            stdin=None if input is not None else subprocess.DEVNULL,
            timeout=timeout,
        )

    return run


@pytest.fixture
def host_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """`host_zone("Europe/Berlin")`: the zone of this process, for as long as the test takes."""

    def keep(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield keep
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def until() -> Until:
    """`until(condition)` looks again and again until it gives something true, which is returned; fails after `within`
    seconds."""

    def wait(condition: Callable[[], Fact], within: float = 60) -> Fact:
        deadline = time.monotonic() + within
        while not (fact := condition()):
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.01)
        return fact

    return wait


def scaled(seconds: float) -> float:
    """As many seconds on an idle machine, more on a busy one: for limits that a command must not reach too early."""
    return round(seconds * (1 + os.getloadavg()[0] / (os.cpu_count() or 1)), 2)


@pytest.fixture
def task(instance: Path) -> WriteTask:
    """`task("x", command="true", timeout="1s")` writes tasks.d/x.yaml (JSON is YAML) and returns its path."""

    def write(name: str, command: Any, **keys: Any) -> Path:
        path = instance / "tasks.d" / f"{name}.yaml"
        path.write_text(json.dumps({"command": command, "cwd": str(instance), **keys}))
        return path

    return write


@pytest.fixture
def records(instance: Path) -> Records:
    """`records()` is the run log; with a name, that task's records."""

    def read(name: str | None = None) -> list[dict[str, Any]]:
        path = instance / ".automate" / "log" / "runs.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [record for record in map(json.loads, lines) if name in (None, record["task"])]

    return read


@pytest.fixture
def record(records: Records) -> OneRecord:
    """`record("x")` is the one record there is, of this task if it is named; it fits the schema."""

    import jsonschema  # takes long to import, for tests that do not need it

    from automate.run import schema

    def read(name: str | None = None) -> dict[str, Any]:
        (only,) = records(name)
        jsonschema.validate(only, schema())
        return only

    return read


@pytest.fixture
def start(instance: Path, environment: dict[str, str], _no_process_stays: None) -> Iterator[Start]:
    """`start("run", "x")` is the program in the background; its output can be read from pipes.
    `within` are words before it, of a command that runs it."""

    begun = []

    def begin(*arguments: str, within: Sequence[str] = (), **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*within, sys.executable, "-m", "automate", "-C", str(instance), *arguments],
            **{
                "env": environment,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                **more,
            },
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.fixture
def shim_pid(instance: Path, until: Until) -> PidOf:
    """`shim_pid("x")` waits until the task has started; the PID of the shell that sees its end."""
    return lambda name: int(until(lambda: _said(instance, name, "started")))


@pytest.fixture
def leader_pid(instance: Path, until: Until) -> PidOf:
    """`leader_pid("x")` waits until the task's command has a process group of its own; its number."""

    def leads(name: str) -> int | None:
        pid = _said(instance, name, "group")
        with suppress(ProcessLookupError):
            return pid if pid is not None and os.getpgid(pid) == pid else None
        return None

    return lambda name: int(until(lambda: leads(name)))


@pytest.fixture
def kill_whole_run(shim_pid: PidOf, leader_pid: PidOf) -> Callable[[str], None]:
    """`kill_whole_run("x")` kills the command of the task, and the shell that would see its end before that."""

    def kill(name: str) -> None:
        leader = leader_pid(name)
        os.kill(shim_pid(name), signal.SIGKILL)
        os.killpg(leader, signal.SIGKILL)

    return kill


def _said(instance: Path, name: str, word: str) -> int | None:
    for path in (instance / ".automate" / "open").glob(f"*.{name}"):
        if found := re.findall(rf"^{word} (\d+) ", path.read_text(), re.MULTILINE):
            return int(found[-1])
    return None


@pytest.fixture
def lines(instance: Path) -> Lines:
    """`lines("seen")` are those of a file in the instance's directory, none when there is no such file."""

    def read(name: str) -> list[str]:
        path = instance / name
        return path.read_text().splitlines() if path.exists() else []

    return read


@pytest.fixture
def _no_process_stays(instance: Path) -> Iterator[None]:
    """Ends what a test left running: every process that has the instance's directory in its environment or words."""
    yield
    for pid in _processes_of(instance):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def processes(instance: Path) -> Callable[[], list[int]]:
    """The processes that have the instance's directory in their environment or words: commands, shims, supervisors."""
    return lambda: _processes_of(instance)


def _processes_of(instance: Path) -> list[int]:
    mark = os.fsencode(instance) + b"/"
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with suppress(OSError):
                about = Path("/proc", entry)
                if mark in (about / "environ").read_bytes() + (about / "cmdline").read_bytes():
                    found.append(int(entry))
    return found
