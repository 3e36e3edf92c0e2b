"""A task: the definition that one file gives. It holds no status; what happened is a run (run.py).

These structs are the task file's keys, after `defaults:` were merged in, and the JSON Schema is generated from them.
A run keeps the definition it was claimed with, as JSON, so that a changed or removed file changes no run under way.
"""

from typing import Any, Literal

import msgspec

from automate.errors import reading_state
from automate.units import Duration, Size

Manual = Literal["always", "when-enabled", "never"]
Missed = Literal["skip", "once", "all"]
Overlap = Literal["skip", "queue", "replace", "allow"]
OnFull = Literal["fail", "discard"]

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UMASK = 0o022
"""The file mode creation mask of a command, unless its task sets one."""


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The base of all parts of a task file: frozen, and unknown keys are errors."""


class Retries(Struct, frozen=True):
    """`attempts` counts the starts after the first; the wait before the n-th is `delay * backoff**(n-1)`."""

    attempts: int = 0
    delay: Duration = Duration(60)
    backoff: float = 2.0
    max_delay: Duration = Duration(3600)
    on_exit: tuple[int, ...] = ()


class ExitCodes(Struct, frozen=True):
    """The meaning of exit statuses; all others mean failure."""

    success: tuple[int, ...] = (0,)
    warning: tuple[int, ...] = ()
    skipped: tuple[int, ...] = ()


class OutputRules(Struct, frozen=True):
    """How much of a run's output is kept, and how long; the record in the run log stays.

    `on_full` says what happens to the command if its output cannot be written.
    """

    max_size: Size = Size(10 * 1024 * 1024)
    keep_runs: int = 100
    keep_days: int = 90
    on_full: OnFull = "fail"


class Limits(Struct, frozen=True):
    """setrlimit(2): RLIMIT_AS, RLIMIT_CPU, RLIMIT_NOFILE, RLIMIT_NPROC."""

    memory: Size | None = None
    cpu_time: Duration | None = None
    open_files: int | None = None
    processes: int | None = None


class Task(Struct, frozen=True, kw_only=True):
    """One task, ready to be used; `name` and `file` come from its path, all else from its contents.

    `exceptions` is the key `except`, which is a keyword in Python; `after` are pairs of a task and the outcome it must
    have.
    """

    name: str
    file: str
    command: str | tuple[str, ...]
    description: str = ""
    documentation: str = ""
    category: str = ""
    labels: tuple[str, ...] = ()
    shell: str = "/bin/sh"
    schedule: tuple[str, ...] = ("manual",)
    timezone: str | None = None
    starting: str | None = None
    ending: str | None = None
    exceptions: tuple[str, ...] = msgspec.field(name="except", default=())
    enabled: bool = True
    manual: Manual = "always"
    user: str | None = None
    group: str | None = None
    cwd: str | None = None
    umask: int = UMASK
    env: dict[str, str] = {}
    env_file: tuple[str, ...] = ()
    stdin: str | None = None
    timeout: Duration | None = None
    kill_after: Duration = Duration(10)
    retries: Retries = Retries()
    overlap: Overlap = "skip"
    missed: Missed = "once"
    missed_within: Duration | None = None
    remove_when_done: bool = False
    jitter: Duration = Duration(0)
    condition: str | tuple[str, ...] | None = None
    after: tuple[tuple[str, str], ...] = ()
    locks: tuple[str, ...] = ()
    exit_codes: ExitCodes = ExitCodes()
    warn_on: str | None = None
    output: OutputRules = OutputRules()
    nice: int | None = None
    ionice: str | None = None
    limits: Limits = Limits()


def encode(task: Task) -> bytes:
    """Encode as one line of JSON, for a run's row in the state and for the parse cache."""
    return msgspec.json.encode(task, enc_hook=_plain)


def decode(line: bytes) -> Task:
    """Read back what `encode` wrote. DamagedStateError."""
    with reading_state("a definition"):
        return msgspec.json.decode(line, type=Task, dec_hook=_quantity)


def _plain(value: object) -> object:
    return float(value) if isinstance(value, Duration) else int(value)  # type: ignore[call-overload]


def _quantity(kind: type[Any], value: Any) -> Any:
    return kind(value)
