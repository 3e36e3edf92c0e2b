"""One `automate run` from claim to end: output, signals and messages."""

import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from automate import output
from automate.cli.following import Following
from automate.cli.reader_marks import has_read
from automate.cli.shell import Shell, operator
from automate.operate import by_hand
from automate.render.runs import ending
from automate.run import Record
from automate.state import OpenRun, State
from automate.supervisor import hand_over
from automate.supervisor.admission import Request
from automate.supervisor.loop import Supervisor

_STEP = 0.05  # seconds between looks at the output
_ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


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
        self._errors = shell.errors

    def run(self, wanted: Sequence[Request], *, detach: bool) -> int:
        """Start them and, unless they are to be left alone, watch them to the end; the exit status."""
        for number in _ASKING:
            signal.signal(number, self._note)
        runs = self._supervisor.begin(wanted)
        self._asked = {run.id for run in runs}
        try:
            return self._leave(runs) if detach else self._watch(runs)
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
            if signal.SIGHUP in noted:
                return by_hand.SIGNALLED + signal.SIGHUP
            for number in noted:
                asked = asked or number
                self._stop_all()
            self._step(_STEP)
        return by_hand.exit_status(self._records, signal=asked)

    def _leave(self, runs: Sequence[OpenRun]) -> int:
        """Report what could not start, and leave the other runs to their supervisor."""
        self._step(0.0)
        over = {record.id for record in self._records}
        for run in runs:
            if run.id in over:
                continue
            if self._as_json:
                self._shell.write(json.dumps({"id": run.id, "task": run.task}) + "\n")
            follow = self._shell.hint("log", "-f", run.task)
            self._shell.say(f"{run.task} #{run.id}: started; {follow} shows its output")
        return by_hand.exit_status(self._records, signal=None) if over else 0

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
            self._shell.write_bytes(record.line())
            self._shell.flush()
        elif following is not None:
            with suppress(BrokenPipeError):
                following.close()
                if self._shell.screen.is_terminal:
                    has_read(self._shell, self._state, record.task, record.id)
        self._shell.say(ending(record, self._errors))

    def _stop_all(self) -> None:
        """TERM the first time, KILL the second; the supervisor knows which it is."""
        for run in self._supervisor.open_runs:
            self._supervisor.stop(run.id, operator(), "interrupt", "interrupted")
        self._shell.say("stopping; press Ctrl-C again to kill")
