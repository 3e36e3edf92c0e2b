"""Changes task files in child processes that die at a chosen call into C, as `dying.py` does with runs: the file is the
old one or the new one, whole, and so is every version kept; the next edit and its undo find nothing in their way. A
renamed task has one name, and all that is known of it is known of that name.

    dying_edits.py DIRECTORY SCENARIO FIRST EVERY
"""

import os
import resource
import sys
from contextlib import closing, suppress
from pathlib import Path

from automate.operate import versions
from automate.operate.editing import Edit, Target, store
from automate.operate.new_file import rename
from automate.outcomes import Pause
from automate.paths import Instance, of_directory
from automate.process import locks
from automate.runlog.renames import former_names
from automate.state import LastRun, last_runs, open_state, pauses
from automate.supervisor.task_files import complete_rename
from tests.crash.dying import dying, forked

OLD, NEW, NEXT = (f"command: {word}\n".encode() * 5000 for word in ("old", "new", "next"))
SCENARIOS: dict[str, tuple[bytes | None, bytes | None]] = {
    "changed": (OLD, NEW),
    "made": (None, NEW),
    "removed": (OLD, None),
}


def content(path: str) -> bytes | None:
    return Path(path).read_bytes() if os.path.exists(path) else None


def change(instance: Instance, path: str, data: bytes | None) -> None:
    before = content(path)
    store(instance, [Edit(Target("x", path, before, path, before), data)], owner=None)


def tried(directory: Path, scenario: str, step: int) -> bool:
    """Whether there was such a step."""
    if scenario == "renamed":
        return tried_rename(directory, step)
    (directory / "tasks.d").mkdir(parents=True)
    instance = of_directory(str(directory))
    open_state(instance).close()
    path = str(directory / "tasks.d" / "x.yaml")
    before, after = SCENARIOS[scenario]
    if before is not None:
        Path(path).write_bytes(before)
    locks.take(os.path.join(instance.locks, "warm"))  # imports what a lock needs, before the fork
    status = forked(lambda: dying(step, change, instance, path, after))
    check(instance, path, before, after)
    if content(path) != after:
        forked(lambda: cramped(instance, path, after, 97 * step))
        check(instance, path, before, after)
    found = content(path)
    assert forked(lambda: change(instance, path, NEXT)) == 0
    assert content(path) == NEXT
    assert os.listdir(directory / "tasks.d") == ["x.yaml"], "something is left"
    version, _ = next(versions.changes(versions.versions(instance, "x"), NEXT))
    assert version.data == found, "the version before is another"
    return os.WIFSIGNALED(status)


def cramped(instance: Instance, path: str, data: bytes | None, room: int) -> None:
    """With room for only so many bytes in a file."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    with suppress(OSError):
        change(instance, path, data)


def rename_x(instance: Instance) -> None:
    state = open_state(instance)
    old, new = (str(Path(instance.task_dirs[0], f"{name}.yaml")) for name in "xy")
    rename(instance, state, Target("x", old, OLD, old, OLD), Target("y", new, None, new, None), by="ann", owner=None)


def tried_rename(directory: Path, step: int) -> bool:
    """Whether there was such a step: the past and the pause are with the name that the file has."""
    (directory / "tasks.d").mkdir(parents=True)
    (directory / "tasks.d" / "x.yaml").write_bytes(OLD)
    instance = of_directory(str(directory))
    with closing(open_state(instance)) as state:
        pauses.pause(state, ["x"], Pause(1.0, None, "ann", ""))
        with state.transaction():
            last_runs.remember_last(state, [LastRun("x", 7, "success", 1.0, 2.0, 1.0)])
    status = forked(lambda: dying(step, rename_x, instance))
    with closing(open_state(instance)) as state:
        complete_rename(instance, state)
        (file,) = os.listdir(directory / "tasks.d")
        assert content(str(directory / "tasks.d" / file)) == OLD
        name = file.removesuffix(".yaml")
        assert [*pauses.pauses(state, 2.0)] == [name], "its pause is not"
        assert [*last_runs.last_runs(state)] == [name], "its last run is not"
        assert [*former_names(instance, ["y"])] == ["x"] * (name == "y"), "its records are not"
        if name == "x":
            rename_x(instance)
        assert os.listdir(directory / "tasks.d") == ["y.yaml"], "it cannot be renamed again"
    return os.WIFSIGNALED(status)


def check(instance: Instance, path: str, before: bytes | None, after: bytes | None) -> None:
    assert content(path) in {before, after}, "the file is neither the old nor the new one"
    for version in versions.versions(instance, "x"):
        assert version.data in {before, after}, f"{version.path} is torn"


def main() -> None:
    base, scenario, first, every = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    count = 0
    for step in range(first, 1_000_000, every):
        count += 1
        if not tried(base / f"{scenario}-{step}", scenario, step):
            break
    print(count)


if __name__ == "__main__":
    main()
