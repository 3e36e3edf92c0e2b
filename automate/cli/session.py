"""One `automate run` from claim to end: output, signals and messages."""

import os
import shlex
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from automate import output
from automate.cli.following import Following, has_read
from automate.cli.shell import Shell, operator
from automate.operate import by_hand
from automate.operate.run_lookup import under_way
from automate.process.identity import CannotStartError
from automate.process.launch import Launch
from automate.process.locks import is_held
from automate.render import visible_lines
from automate.render.runs import ending
from automate.run import Record
from automate.state import OpenRun, State
from automate.supervisor import hand_over
from automate.supervisor.admission import Request
from automate.supervisor.claiming import lock_paths
from automate.supervisor.loop import Supervisor
from automate.supervisor.starting import launch_of

_STEP = 0.05  # seconds between looks at the output
_LEAVING = (signal.SIGHUP, signal.SIGTSTP)  # a suspended supervisor would keep no timeout and write no record
_ASKING = (signal.SIGINT, signal.SIGTERM, *_LEAVING)


class Session:
    """Runs that one command line asked for. The signal handlers only note; `run` acts."""

    def __init__(self, shell: Shell, state: State, *, uid: int, as_json: bool) -> None:
        self._shell = shell
        self._as_json = as_json
        self._state = state
        self._supervisor = Supervisor(shell.instance, state, uid=uid)
        self._noted: list[int] = []
        self._following: dict[int, Following] = {}
        self._asked: set[int] = set()
        self._records: list[Record] = []
        self._written: list[Record] = []
        self._errors = shell.errors

    def run(self, wanted: Sequence[Request], *, detach: bool) -> int:
        """Start them and, unless they are to be left alone, watch them to the end; the exit status."""
        for number in _ASKING:
            signal.signal(number, self._note)
        runs = self._supervisor.begin(wanted)
        self._asked = {run.id for run in runs}
        try:
            status = self._leave(runs) if detach else self._watch(runs)
            if self._as_json and self._shell.form != "jsonl":
                self._shell.write_json(self._written)
            return status
        finally:
            # Also when their records cannot be written now: then that process tries again until they can.
            hand_over(self._supervisor, self._shell.instance)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._noted.append(number)

    def _watch(self, runs: Sequence[OpenRun]) -> int:
        started = [run for run in runs if run.phase == "running"]
        self._follow(started, prefixed=len(runs) > 1)
        asked: int | None = None
        while len(self._records) < len(runs):  # what follows them (`after`) is not waited for
            noted, self._noted = self._noted, []
            if left := next((number for number in _LEAVING if number in noted), None):
                self._say_left(runs, "continues in the background")
                return by_hand.SIGNALLED + left
            for number in noted:
                asked = asked or number
                self._stop_all()
            self._step(_STEP)
        return by_hand.exit_status(self._records, signal=asked)

    def _leave(self, runs: Sequence[OpenRun]) -> int:
        """Report what could not start, and leave the other runs to their supervisor."""
        self._step(0.0)
        over = {record.id for record in self._records}
        self._say_left(runs, "started")
        for each in under_way(self._shell.instance, self._state) if self._as_json else ():
            if each.id in self._asked - over:
                self._write(each)
        return by_hand.exit_status(self._records, signal=None) if over else 0

    def _say_left(self, runs: Sequence[OpenRun], what: str) -> None:
        over = {record.id for record in self._records}
        for run in runs:
            if run.id not in over:
                follow = self._shell.hint("log", "-f", run.task)
                self._shell.say(f"{run.task} #{run.id}: {what}; {follow} shows its output")

    def _step(self, timeout: float) -> None:
        records = self._supervisor.step(timeout)
        self._show()
        for record in records:
            if record.id in self._asked:
                self._end(record)

    def _follow(self, started: Sequence[OpenRun], *, prefixed: bool) -> None:
        width = max((len(run.task) for run in started), default=0)
        for run in started:
            path = os.path.join(self._shell.instance.log, output.path_of(run.task, run.id))
            self._following[run.id] = Following(self._shell, path, f"{run.task:<{width}} | " if prefixed else "")
            if not self._as_json:
                self._following[run.id].open()

    def _show(self) -> None:
        """Show output; a reader that ends early (`| head`) does not end the tasks."""
        if self._as_json:
            return
        try:
            for following in self._following.values():
                following.copy()
        except BrokenPipeError:
            self._following.clear()

    def _end(self, record: Record) -> None:
        self._records.append(record)
        following = self._following.pop(record.id, None)
        if self._as_json:
            self._write(record)
        elif following is not None:
            with suppress(BrokenPipeError):
                following.close()
                if self._shell.screen.is_terminal:
                    has_read(self._shell, self._state, record.task, record.id)
        self._shell.say(ending(record, self._errors))

    def _write(self, record: Record) -> None:
        """Write a line at once for --jsonl; an array is written as a whole."""
        self._written.append(record)
        if self._shell.form == "jsonl":
            self._shell.write_bytes(record.line())
            self._shell.flush()

    def _stop_all(self) -> None:
        """TERM the first time, KILL the second; the supervisor knows which it is."""
        for run in self._supervisor.open_runs:
            self._supervisor.stop(run.id, operator(), "interrupt", "interrupted")
        self._shell.say("stopping; press Ctrl-C again to kill")


_WIDTH = 9


def show_dry_run(shell: Shell, wanted: Sequence[Request], *, uid: int, as_json: bool) -> int:
    """Exit status 1 when one of them could not be started. Values from an env_file are not shown."""
    described = [_describe(shell, request, uid) for request in wanted]
    if as_json:
        shell.write_json(described)
    else:
        shell.write("\n".join(_text(each) for each in described))
    shell.say("nothing was run")
    return int(any(each["error"] for each in described))


def _describe(shell: Shell, request: Request, uid: int) -> dict[str, object]:
    task = request.task
    run = OpenRun(0, task.name, None, request.trigger, request.by, "running", b"", request.args)
    held = {os.path.relpath(p, shell.instance.locks): is_held(p) for p in lock_paths(shell.instance, task)}
    try:
        launch = launch_of(shell.instance, task, run, uid=uid)
    except CannotStartError as error:
        nothing = dict.fromkeys(("user", "cwd", "umask", "argv", "env"))
        return {"task": task.name, "error": str(error), **nothing, "locks": held}
    return {"task": task.name, "error": None, **_of_launch(launch), "locks": held}


def _of_launch(launch: Launch) -> dict[str, object]:
    env = {name: "(from env_file)" if name in launch.hidden else value for name, value in launch.env.items()}
    return {
        "user": launch.identity.name,
        "cwd": launch.cwd,
        "umask": f"{launch.umask:03o}",
        "argv": list(launch.argv),
        "env": {name: value for name, value in sorted(env.items()) if not name.startswith("AUTOMATE_")},
    }


def _text(described: dict[str, object]) -> str:
    lines = []
    for key, value in described.items():
        if value is None:
            continue
        if key == "argv":
            value = shlex.join(value)  # type: ignore[arg-type]  # noqa: PLW2901 - shown as it would be typed
        if key == "locks":
            value = ", ".join(f"{name}{' (held)' * held}" for name, held in value.items())  # type: ignore[attr-defined] # noqa: PLW2901
        if isinstance(value, dict):
            lines += [f"{key if not i else '':<{_WIDTH}}{name}={text}" for i, (name, text) in enumerate(value.items())]
        else:
            lines.append(f"{key:<{_WIDTH}}{value}")
    return "".join(visible_lines(line) + "\n" for line in lines)
