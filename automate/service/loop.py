"""`serve`: the step, again and again, whenever something is due, ends, changes, or is asked for."""

import os
import signal

from automate import clock
from automate.catalog import Catalog
from automate.errors import AutomateError, BusyError
from automate.paths import Instance
from automate.process import locks, systemd
from automate.process.wakeup import Wakeup
from automate.run import Record
from automate.service.changes import Changes
from automate.service.events import Events
from automate.service.step import step
from automate.state import State, schedules
from automate.supervisor.loop import Supervisor
from automate.supervisor.sharing import share

LONGEST_SLEEP = 30.0  # seconds of wall clock: suspend and clock changes are seen then
_LOOK_AT_FILES = 600.0  # seconds: for what inotify did not tell
_AFTER_TROUBLE = 5.0  # seconds until a step that failed (a full disk, say) is tried again
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LOCK = "serve"


class Server:
    """The daemon. Owns the state and the supervisor it was given until `serve` returns."""

    def __init__(
        self, instance: Instance, state: State, events: Events, *, uid: int, owner: int | None, notify: str | None
    ) -> None:
        """`notify` is NOTIFY_SOCKET's value. BusyError when another process serves this instance."""
        self._lock = _alone(instance)
        self._instance, self._state, self._events = instance, state, events
        self._owner, self._notify = owner, notify
        self._supervisor = Supervisor(instance, state, uid=uid)
        self._wakeup = Wakeup(_SIGNALS)
        self._changes = Changes()
        self._supervisor.listen(self._wakeup.descriptor)
        self._supervisor.listen(self._changes.descriptor)
        self._look_at_files = 0.0
        self._ending = False

    def serve(self, *, wait: float = 0.0, stop_tasks: bool = False) -> int:
        """Until SIGTERM or SIGINT. Then running tasks go on without us, and the next to look adopts them; unless they
        are waited for, `wait` seconds at most, or ended."""
        self._supervisor.adopt()
        self._events.tell("serving", state=self._instance.state, adopted=len(self._supervisor.open_ids))
        self._tell_systemd("READY=1")
        while not self._ending:
            self._turn()
        self._tell_systemd("STOPPING=1")
        self._finish(wait, stop_tasks=stop_tasks)
        self._events.tell("stopped", running=len(self._supervisor.open_ids))
        self._supervisor.leave()
        return 0

    def _turn(self) -> None:
        try:
            now = clock.now().timestamp()
            done = step(self._catalog(), self._state, self._supervisor, now)
            self._events.changes(done.changes)
            self._events.claimed(done.runs)
            self._sleep(now)
        except AutomateError as error:
            self._events.tell("error", message=str(error))
            self._look_at_files = 0.0
            clock.sleep(_AFTER_TROUBLE)
        self._tell_systemd("WATCHDOG=1")  # also in trouble: a service manager cannot mend a full disk
        self._take_signals()

    def _catalog(self) -> Catalog | None:
        """To be looked at when something may have changed; else None."""
        now = clock.monotonic()
        if not self._changes.seen() and now < self._look_at_files:
            return None
        catalog = Catalog(self._instance, self._state, owner=self._owner, now=clock.now())
        self._changes.watch([*catalog.task_dirs, os.path.dirname(self._instance.settings)])
        self._look_at_files = now + _LOOK_AT_FILES
        share(self._instance, catalog.settings_read.group)
        return catalog

    def _sleep(self, now: float) -> None:
        wake = schedules.next_wake(self._state)
        patience = LONGEST_SLEEP if wake is None else min(LONGEST_SLEEP, max(0.0, wake - now))
        self._tell(self._supervisor.step(patience))

    def _take_signals(self) -> None:
        for number in self._wakeup.taken():
            if number == signal.SIGHUP:
                self._tell_systemd(f"RELOADING=1\nMONOTONIC_USEC={int(clock.monotonic() * 1e6)}")
                self._look_at_files = 0.0
                self._events.tell("reloading")
                self._tell_systemd("READY=1")
            else:
                self._ending = True

    def _finish(self, wait: float, *, stop_tasks: bool) -> None:
        if stop_tasks:
            for run_id in self._supervisor.open_ids:
                self._supervisor.stop(run_id, "automate serve", "the scheduler was told to end, with its tasks")
        until = clock.monotonic() + (float("inf") if stop_tasks else wait)
        while self._supervisor.busy and clock.monotonic() < until:
            self._tell(self._supervisor.step(min(1.0, until - clock.monotonic())))

    def _tell(self, records: list[Record]) -> None:
        self._events.claimed(self._supervisor.started())
        self._events.ended(records)

    def _tell_systemd(self, state: str) -> None:
        systemd.notify(self._notify, state)


def _alone(instance: Instance) -> int:
    """The lock of the one process that serves an instance, with its PID in the file for whoever comes second."""
    path = os.path.join(instance.locks, LOCK)
    descriptor = locks.take(path)
    if descriptor is None:
        with open(path, encoding="ascii", errors="replace") as file:
            raise BusyError(f"process {file.read(20).strip() or '?'} serves this instance already ({path})")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor
