"""Runs tasks in child processes that die at a chosen step, then checks that everything tells one story.

A step is a call from Python into C: every system call is made by one, and between two of them nothing outside changes.
The child counts them (sys.setprofile) and, at the one it was told, is killed, before the call is made. This is a
program of its own because forking needs a process with nothing else in it.

    dying.py DIRECTORY SCENARIO WAY FIRST EVERY

tries the steps FIRST, FIRST+EVERY, ... until one is beyond the last, and prints how many it tried.
WAY is `killed`; `short`, where the step is how many bytes a file may have; or `full`, how many KiB a disk has.
"""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ParamSpec

from automate.errors import AutomateError
from automate.paths import Instance, of_directory
from automate.state import runs
from automate.supervisor import loop, open_instance, restoring  # noqa: F401 - imported before the fork, as all it needs
from automate.supervisor.admission import Request
from automate.supervisor.claiming import take_locks
from automate.task import Retries, Task
from automate.units import Duration

WHO = "$AUTOMATE_TASK $AUTOMATE_RUN $AUTOMATE_ATTEMPT"
COMMAND = f'echo "start {WHO}" >>%s; %s; echo "end {WHO}" >>%s; %s'
PATIENCE = 20.0
P = ParamSpec("P")


def task(directory: Path, name: str, middle: str = "sleep 0.01", last: str = "exit 0", **keys: object) -> Task:
    """One that writes down when it starts and ends, itself."""
    trace = directory / "trace"
    command = COMMAND % (trace, middle, trace, last)
    return Task(name=name, file="", command=command, cwd="/", **keys)  # type: ignore[arg-type]


def single(directory: Path) -> list[Task]:
    return [task(directory, "single")]


def herd(directory: Path) -> list[Task]:
    return [task(directory, f"herd-{number}") for number in range(4)]


def retried(directory: Path) -> list[Task]:
    return [task(directory, "retried", last="exit 3", retries=Retries(attempts=1, delay=Duration(0.01)))]


def timed_out(directory: Path) -> list[Task]:
    return [task(directory, "long", middle="sleep 60", timeout=Duration(0.05), kill_after=Duration(0.05))]


SCENARIOS = {kind.__name__: kind for kind in (single, herd, retried, timed_out)}


def forked(work: Callable[[], object]) -> int:
    """Its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except AutomateError:
            os._exit(1)
        except BaseException:  # noqa: BLE001 - the parent must not go on twice
            sys.excepthook(*sys.exc_info())
            os._exit(2)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def die_at(step: int) -> None:
    """Kill this process before its step-th call into C from now."""
    left = step

    def count(_frame: object, event: str, _function: object) -> None:
        nonlocal left
        if event == "c_call":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)


def dying(step: int, work: Callable[P, None], *arguments: P.args, **keys: P.kwargs) -> None:
    """Do it, and die on the way."""
    die_at(step)
    work(*arguments, **keys)


def run(instance: Instance, tasks: list[Task]) -> None:
    """As `automate run` does, to the end."""
    state = open_instance(instance)
    supervisor = loop.Supervisor(instance, state, uid=os.geteuid())
    supervisor.begin([Request(each) for each in tasks])
    while supervisor.busy:
        supervisor.step(1.0)


def recover(instance: Instance) -> None:
    """As a command that looks, and the supervisor it starts, do: until there is nothing open."""
    state = open_instance(instance)
    supervisor = loop.Supervisor(instance, state, uid=os.geteuid())
    supervisor.adopt()
    while supervisor.busy:
        supervisor.step(1.0)


def check(instance: Instance, directory: Path, tasks: list[Task], *, claimed: bool) -> None:
    """What the tasks wrote, the run log and the state agree; nothing is left over, nothing is locked."""
    records = [json.loads(line) for line in _lines(Path(instance.run_log))]
    trace = [line.split() for line in _lines(directory / "trace")]
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids)), f"a run is on record twice: {ids}"
    starts = [tuple(words[1:]) for words in trace if words[0] == "start"]
    assert len(starts) == len(set(starts)), f"an attempt ran twice: {starts}"
    assert {int(words[2]) for words in trace} <= set(ids), "a run that ran is not on record"
    for record in records:
        _check_record(record, trace)
    _check_overlap(trace)
    if claimed:
        assert {record["task"] for record in records} == {each.name for each in tasks}, "a claimed run is lost"
    assert not os.listdir(instance.open_runs), "a status file is left"
    assert not _names(Path(instance.summaries)), "a summary file is left"
    assert not runs.open_runs(open_instance(instance)), "a run is still open"
    for each in tasks:
        descriptors, held = take_locks(instance, each)
        assert held is None, f"{held} is stuck"
        for descriptor in descriptors:
            os.close(descriptor)


def _check_record(record: dict[str, object], trace: list[list[str]]) -> None:
    mine = [words for words in trace if words[2] == str(record["id"])]
    started = [words for words in mine if words[0] == "start"]
    if record["outcome"] in ("success", "failed", "timeout"):
        assert len(started) == record["attempts"], f"{record} but {mine}"
    if record["outcome"] in ("success", "failed"):
        assert len([words for words in mine if words[0] == "end"]) == record["attempts"], f"{record} but {mine}"
    expected = {"single": "success", "herd": "success", "retried": "failed", "long": "timeout"}
    assert record["outcome"] == expected[str(record["task"]).partition("-")[0]], record


def _check_overlap(trace: list[list[str]]) -> None:
    running: dict[str, str] = {}
    for kind, name, run_id, _attempt in trace:
        if kind == "start":
            assert running.get(name, run_id) == run_id, f"{name}: two at once"
            running[name] = run_id
        else:
            running.pop(name, None)


def _lines(path: Path) -> list[str]:
    text = path.read_text() if path.exists() else ""
    assert text == "" or text.endswith("\n"), f"{path.name} is torn"
    return text.splitlines()


def _names(path: Path) -> list[str]:
    return os.listdir(path) if path.exists() else []


def settle(instance: Instance) -> None:
    """Look until nothing is open; a look that ends early is repeated, as people and cron do."""
    deadline = time.monotonic() + PATIENCE
    while True:
        forked(lambda: recover(instance))
        if not runs.open_runs(open_instance(instance)):
            return
        assert time.monotonic() < deadline, "a run stays open"


def killed(directory: Path, scenario: str, step: int) -> bool:
    """Die at `step`, then a few times while recovering; whether there was such a step."""
    instance, tasks = prepare(directory, scenario)

    status = forked(lambda: dying(step, run, instance, tasks))
    claimed = is_claimed(instance, directory)
    chance = random.Random(step)  # noqa: S311 - a test's dice
    for _ in range(chance.randrange(3)):
        deadly = chance.randrange(1, 400)
        forked(partial(dying, deadly, recover, instance))
    settle(instance)
    check(instance, directory, tasks, claimed=claimed)
    return os.WIFSIGNALED(status)


def short_files(directory: Path, scenario: str, room: int) -> bool:
    """Run with room for only so many bytes in a file; then, with room again, recover. Whether there was too little."""
    instance, tasks = prepare(directory, scenario)

    def cramped() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        run(instance, tasks)

    return cramped_run(cramped, instance, directory, tasks)


def full_disk(directory: Path, scenario: str, room: int) -> bool:
    """The same on a file system of its own, with so many KiB in all. Needs root."""
    instance, tasks = prepare(directory, scenario)
    where = instance.directory or ""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room}k", "automate-test", where], check=True)
    try:

        def more_room() -> None:
            subprocess.run(["mount", "-o", "remount,size=64m", where], check=True)

        return cramped_run(lambda: run(instance, tasks), instance, directory, tasks, more_room)
    finally:
        subprocess.run(["umount", "--lazy", where], check=True)


def cramped_run(
    work: Callable[[], None],
    instance: Instance,
    directory: Path,
    tasks: list[Task],
    more_room: Callable[[], None] = lambda: None,
) -> bool:
    """Whether `work` failed; then everything must still come right, once there is room."""
    status = forked(work)
    assert status != 2 << 8, "a full disk gave a traceback"
    more_room()
    claimed = is_claimed(instance, directory)
    settle(instance)
    check(instance, directory, tasks, claimed=claimed)
    return status != 0


def prepare(directory: Path, scenario: str) -> tuple[Instance, list[Task]]:
    (directory / "instance").mkdir(parents=True)
    return of_directory(str(directory / "instance")), SCENARIOS[scenario](directory)


def is_claimed(instance: Instance, directory: Path) -> bool:
    """Whether the claim was made: then all of it must come to an end."""
    return (directory / "trace").exists() or bool(runs.open_runs(open_instance(instance)))


WAYS: dict[str, Callable[[Path, str, int], bool]] = {"killed": killed, "short": short_files, "full": full_disk}


def main() -> None:
    base, scenario, way = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    first, every = int(sys.argv[4]), int(sys.argv[5])
    tried = 0
    for step in range(first, 1_000_000, every):
        tried += 1
        if not WAYS[way](base / f"{scenario}-{way}-{step}", scenario, step):
            break
    print(tried)


if __name__ == "__main__":
    main()
