"""Takes steps of the scheduler in child processes that die at a chosen call into C, as `dying.py` does with runs; then
the next step comes by, and every due time must have its one record, and every end its one follower.

    dying_steps.py DIRECTORY SCENARIO FIRST EVERY
"""

import json
import os
import random
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from automate.catalog import Catalog
from automate.outcomes import Pause
from automate.paths import Instance, of_directory
from automate.service.step import Preparing, step
from automate.state import State, pauses, runs, schedules
from automate.supervisor import loop, open_instance, restoring  # noqa: F401 - imported before the fork, as all it needs
from tests.crash.dying import COMMAND, _lines, dying, forked

NOON = datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp()
MINUTELY: dict[str, object] = {"schedule": "* * * * *", "timezone": "UTC", "missed": "all", "overlap": "allow"}
LAST = 3  # minutes after noon

SCENARIOS: dict[str, dict[str, dict[str, object]]] = {
    "ahead": {f"herd-{number}": MINUTELY for number in range(3)},
    "scheduled": {**{f"herd-{number}": MINUTELY for number in range(3)}, "off": {**MINUTELY, "enabled": False}},
    "chained": {"a": MINUTELY, "b": {"after": "a", "overlap": "allow"}, "c": {"after": "b", "overlap": "allow"}},
    "edited": {"old": MINUTELY, "gone": MINUTELY},
    "deferred": {"off": {**MINUTELY, "enabled": False}, "paused": MINUTELY, "resumed": MINUTELY, "plain": MINUTELY},
}


def write(directory: Path, name: str, keys: dict[str, object]) -> None:
    command = COMMAND % (directory / "trace", "true", directory / "trace", "exit 0")
    path = directory / "instance" / "tasks.d" / f"{name}.yaml"
    path.write_text(json.dumps({"command": command, "cwd": "/", **keys}))


def edit(directory: Path, scenario: str) -> None:
    """What changes while nothing looks."""
    if scenario == "edited":
        write(directory, "old", {**MINUTELY, "schedule": "*/2 * * * *"})
        (directory / "instance" / "tasks.d" / "gone.yaml").unlink()
    if scenario == "deferred":
        instance = of_directory(str(directory / "instance"))
        pause(instance, 0, "paused", "resumed")
        assert forked(lambda: take(instance, 1)) == 0
        write(directory, "off", MINUTELY)
        resume(instance, 1.5, "resumed")


def pause(instance: Instance, minute: float, *tasks: str) -> None:
    with closing(open_instance(instance)) as state:
        pauses.pause(state, tasks, Pause(NOON + 60 * minute + 1, None, "ann", "disk"))


def resume(instance: Instance, minute: float, *tasks: str) -> None:
    with closing(open_instance(instance)) as state:
        pauses.resume(state, tasks, NOON + 60 * minute)


def take(instance: Instance, minute: int) -> None:
    """As `serve` does, so many minutes after noon; what is due only then was made ready before."""
    state = open_instance(instance)
    supervisor = loop.Supervisor(instance, state, uid=os.geteuid())
    supervisor.adopt()
    now = NOON + 60 * minute
    Preparing(state, supervisor).go_on(now - 0.5)
    while step(Catalog(instance, state, owner=None, now=now), state, supervisor, now).again:
        pass
    while supervisor.busy:
        supervisor.step(1.0)


def killed(directory: Path, scenario: str, number: int) -> bool:
    """Die at the call of that number, then a few times while going on; whether there was such a call."""
    (directory / "instance" / "tasks.d").mkdir(parents=True)
    instance = of_directory(str(directory / "instance"))
    for name, keys in SCENARIOS[scenario].items():
        write(directory, name, keys)
    assert forked(lambda: take(instance, 0)) == 0
    edit(directory, scenario)
    Catalog(instance, None, owner=None, now=NOON).readings()  # imports what a schedule is read with, before the fork
    minute = 1 if scenario == "ahead" else 2
    status = forked(lambda: dying(number, take, instance, minute))
    chance = random.Random(number)  # noqa: S311 - a test's dice
    for _ in range(chance.randrange(3)):
        deadly = chance.randrange(1, 3000)
        forked(partial(dying, deadly, take, instance, minute))
    for _ in range(2):
        assert forked(lambda: take(instance, LAST)) == 0
    check(instance, directory, scenario)
    return os.WIFSIGNALED(status)


def check(instance: Instance, directory: Path, scenario: str) -> None:
    records = [json.loads(line) for line in _lines(Path(instance.run_log))]
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids)), f"a run is on record twice: {ids}"
    started = [words.split()[2] for words in _lines(directory / "trace") if words.startswith("start")]
    ran = [str(record["id"]) for record in records if record["outcome"] == "success"]
    assert Counter(started) == Counter(ran), f"what ran {started} is not what is on record {ran}"
    state = open_instance(instance)
    assert not runs.open_runs(state), "a run is still open"
    for task, kept in schedules.all_scheduled(state).items():
        if SCENARIOS[scenario][task].get("schedule") and scenario != "edited" and not kept.deferred:
            assert kept.until == NOON + 60 * LAST, f"{task} is decided up to {kept.until}"
    for task, keys in SCENARIOS[scenario].items():
        mine = [record for record in records if record["task"] == task]
        if "schedule" in keys:
            assert minutes(mine) + deferred(state, task) in expected(scenario), f"{task}: {mine}"
        else:
            followed = [f"{record['task']} #{record['id']}" for record in records if record["task"] == keys["after"]]
            assert sorted(record["by"] for record in mine) == sorted(followed), f"{task}: {mine}"


def minutes(records: list[dict[str, object]]) -> list[int]:
    """The due times that are on record, in minutes after noon; each as often as it is there."""
    found = []
    for record in records:
        last = datetime.fromisoformat(str(record["due"])).astimezone(UTC)
        assert last.second == 0, record
        found += [last.minute - earlier for earlier in range(int(str(record["count"])))]
    return sorted(found)


def deferred(state: State, task: str) -> list[int]:
    """What is refused, and will be on record later."""
    kept = schedules.scheduled(state, task)
    if kept is None or not kept.deferred:
        return []
    return [minute for minute in range(1, LAST + 1) if NOON + 60 * minute > kept.until]


def expected(scenario: str) -> list[list[int]]:
    """A schedule that went out of force did so when somebody lived long enough to see it."""
    return [[1, 2], [1, 2, 3]] if scenario == "edited" else [[1, 2, 3]]


def main() -> None:
    base, scenario, first, every = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    tried = 0
    for number in range(first, 1_000_000, every):
        tried += 1
        if not killed(base / f"{scenario}-{number}", scenario, number):
            break
    print(tried)


if __name__ == "__main__":
    main()
