"""What the scheduler keeps between its steps: their times, the gaps between them, starts of the machine, directories.

A step is the time of a file beside `state.db`, since a step with nothing to do must not cost a transaction. Gaps in
which due times were missed are written with the decisions about them.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import NamedTuple

from automate.state.schedules import keep, recall_dict, recall_json
from automate.state.store import State, check_instants

_FILE = "stepped"
_CALLS = "calls"
_GAPS = "gaps"
_BOOTS = "boots"
_MOST_BOOTS = 16
_LAST_DUES = "last_dues"
_DEVICES = "task_dirs"
_MOST_GAPS = 100


class Gap(NamedTuple):
    """Nobody took a step after `since` and before `until`, in epoch seconds."""

    since: float
    until: float


def note_step(state: State, now: float) -> None:
    """Note a step at `now` (epoch seconds); a failure is ignored, since no decision depends on it."""
    if not state.writable:
        return
    path = _path(state)
    with suppress(OSError):
        try:
            os.utime(path, (now, now), follow_symlinks=False)
        except FileNotFoundError:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640))
            os.utime(path, (now, now), follow_symlinks=False)


def last_step(state: State) -> float | None:
    """Return when `serve` or `tick` took the last step, in epoch seconds.

    None if there was none, as far as this user may know.
    """
    try:
        return os.stat(_path(state), follow_symlinks=False).st_mtime
    except OSError:
        return None


def call(state: State) -> None:
    """Ask the daemon, if there is one, to take a step at once; if it does not notice, it does within half a minute."""
    with suppress(OSError):
        os.utime(os.path.join(os.path.dirname(state.path), _CALLS))


def keep_gap(state: State, gap: Gap) -> None:
    """Put down that due times were missed in it, within the caller's transaction. The newest ones are kept."""
    kept = [other for other in gaps(state) if other.since != gap.since]
    keep(state, _GAPS, json.dumps([*kept, gap][-_MOST_GAPS:]))


def gaps(state: State) -> list[Gap]:
    """Return the gaps in which due times were missed, oldest first."""
    return recall_json(state, _GAPS, lambda pairs: [_gap(*pair) for pair in pairs]) or []


def boots(state: State) -> dict[str, int | None]:
    """Return the newest starts in which a step was taken: boot id, and when process 1 was started; see `host.Boot`."""
    return recall_dict(state, _BOOTS)


def keep_boot(state: State, kernel: str, began: int | None) -> None:
    """Put down that a step was taken in this start, within the caller's transaction."""
    others = [(other, first) for other, first in boots(state).items() if other != kernel]
    keep(state, _BOOTS, json.dumps(dict([*others, (kernel, began)][-_MOST_BOOTS:])))


def last_dues(state: State) -> dict[str, float]:
    """Return the newest recorded due time by task, which a lost state left; empty once the tasks are known again."""
    return recall_dict(state, _LAST_DUES)


def keep_last_dues(state: State, dues: Mapping[str, float]) -> None:
    """Replace the stored ones, within the caller's transaction."""
    keep(state, _LAST_DUES, json.dumps(dues))


def known_devices(state: State) -> dict[str, int]:
    """Return the device of each task directory on which the scheduler last found tasks."""
    return recall_dict(state, _DEVICES)


def keep_devices(state: State, devices: Mapping[str, int]) -> None:
    """Replace the stored ones, within the caller's transaction."""
    keep(state, _DEVICES, json.dumps(devices))


def _gap(since: float, until: float) -> Gap:
    check_instants(float(since), float(until))
    return Gap(since, until)


def _path(state: State) -> str:
    return os.path.join(os.path.dirname(state.path), _FILE)
