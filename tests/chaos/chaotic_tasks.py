"""The tasks of a chaos run: due every second or two, each writing down itself when it starts and ends."""

from pathlib import Path
from typing import NamedTuple

WHO = "$AUTOMATE_TASK $AUTOMATE_RUN $AUTOMATE_ATTEMPT $AUTOMATE_DUE"


class Kind(NamedTuple):
    """What a task does between its two lines, how it ends, and the other keys of its file. `every` is in seconds, 0
    for one that is not due by itself."""

    every: int
    middle: str = ":"
    last: str = "exit 0"
    keys: str = ""


KINDS = {
    "quick": Kind(1),
    "every": Kind(2, keys="missed: all\n"),
    "only-now": Kind(2, keys="missed: skip\n"),
    "slow": Kind(2, "sleep 3"),
    "failing": Kind(3, last="exit 3", keys="retries: {attempts: 2, delay: 1s}\n"),
    "lining-up": Kind(2, "sleep 2.4", keys="overlap: queue\n"),
    "replaced": Kind(2, "sleep 3", keys="overlap: replace\nkill_after: 1s\n"),
    "allowed": Kind(2, "sleep 3", keys="overlap: allow\n"),
    "timed-out": Kind(4, "sleep 60", keys="timeout: 1s\nkill_after: 1s\n"),
    "shared-a": Kind(2, "sleep 0.7", keys="overlap: queue\nlocks: [shared]\n"),
    "shared-b": Kind(3, "sleep 0.7", keys="overlap: queue\nlocks: [shared]\n"),
    "late": Kind(2, keys="jitter: 1500ms\n"),
    "asked": Kind(2, keys="condition: '[ $(($(date +%s) / 2 % 3)) -gt 0 ]'\n"),
    "follower": Kind(0, "sleep 0.2", keys="overlap: queue\nafter: slow\n"),
    "mourner": Kind(0, keys="after: {failing: failed}\n"),
    "third": Kind(0, "sleep 0.5", keys="overlap: replace\nkill_after: 1s\nafter: [follower, left-right]\n"),
    "undertaker": Kind(0, keys="overlap: queue\nafter: {timed-out: timeout, stubborn: timeout, replaced: stopped}\n"),
    "stubborn": Kind(5, "trap '' TERM; sleep 8", keys="timeout: 2s\nkill_after: 1s\noverlap: queue\n"),
    "patient": Kind(5, last="exit 3", keys="retries: {attempts: 3, delay: 1s, backoff: 2, max_delay: 3s}\n"),
    "trying": Kind(4, "sleep 0.5", "exit 4", "retries: {attempts: 4, delay: 1s}\noverlap: replace\nkill_after: 1s\n"),
    "hurried": Kind(6, "sleep 3", keys="retries: {attempts: 1, delay: 2s}\ntimeout: 1s\noverlap: queue\n"),
    "left-right": Kind(3, "sleep 0.5", keys="overlap: queue\nlocks: [left, right]\n"),
    "right-left": Kind(4, "sleep 0.5", keys="overlap: replace\nkill_after: 1s\nlocks: [right, left]\njitter: 900ms\n"),
    "right": Kind(3, "sleep 0.5", "exit 5", "retries: {attempts: 1, delay: 1s}\nlocks: [right]\n"),
    "edited-a": Kind(2),
    "edited-b": Kind(2, "sleep 1"),
}
EDITED = ("edited-a", "edited-b")
PERIODS = (1, 2, 3, 5)
SHARING = (
    {"shared-a", "shared-b"},
    {"left-right", "right-left"},
    {"right", "left-right", "right-left"},
)
"""Tasks of which no two run at a time."""


def text(name: str, trace: Path, every: int | None = None) -> str:
    """The task file. `every` is another period than its kind's."""
    kind = KINDS[name]
    seconds = kind.every if every is None else every
    schedule = f"schedule: every {seconds} seconds\n" if seconds else ""
    script = f'echo "start {WHO}" >>{trace}; {kind.middle}; echo "end {WHO}" >>{trace}; {kind.last}'
    return f"command: |\n  {script}\n{schedule}{kind.keys}"


def write_all(directory: Path, trace: Path) -> None:
    """Into `tasks.d` of the instance, with its settings."""
    (directory / "tasks.d").mkdir()
    (directory / "automate.yaml").write_text("max_running: 12\ndefaults: {cwd: /}\n")
    for name in KINDS:
        (directory / "tasks.d" / f"{name}.yaml").write_text(text(name, trace))
