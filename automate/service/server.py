"""`serve`: a step whenever something is due, ends, changes, or is requested."""

import os
import signal

from automate import clock, reserve
from automate.catalog import Catalog
from automate.catalog.files import ZONE_DIRS, ZONE_FILES
from automate.errors import AutomateError, BusyError
from automate.paths import Instance
from automate.process import daemon, locks
from automate.process.daemon import Wakeup
from automate.run import Record
from automate.service import serving
from automate.service.changes import Changes
from automate.service.events import Events, Passing
from automate.service.step import Preparing, step
from automate.state import State, runs, schedules
from automate.state.opening import make_directories
from automate.supervisor import hand_over
from automate.supervisor.loop import Supervisor
from automate.supervisor.recovery import share_with_group

LONGEST_SLEEP = 30.0  # seconds of wall clock: suspend and clock changes are seen then
_LOOK_AT_FILES = 600.0  # seconds: for what inotify did not tell,
_POLL_FILES = 1.0  # and where it does not see everything
_LOOK_AT_RUNS = 5.0  # seconds between looks at runs that others watch: their supervisor may have died
_REST = 0.2  # seconds between looks at what has ended, in trouble
_AFTER_TROUBLE = 5.0  # seconds until a step that failed (a full disk, say) is tried again
_LAST_WORDS = 1.0  # seconds for the outputs that wait to be passed on
_MOMENT = 0.05  # seconds, within which a place that is free is taken


class Server:
    """The daemon. Owns the state and the supervisor it was given until `serve` returns."""

    def __init__(
        self,
        instance: Instance,
        state: State,
        events: Events,
        passing: Passing,
        *,
        uid: int,
        owner: int | None,
        service: daemon.Service,
    ) -> None:
        self._instance, self._state, self._events = instance, state, events
        self._owner, self._service, self._passing = owner, service, passing
        self._supervisor = Supervisor(instance, state, uid=uid, in_step=True)
        self._preparing = Preparing(state, self._supervisor)
        children = [signal.SIGCHLD] if daemon.is_init() else []
        self._wakeup = Wakeup([signal.SIGTERM, signal.SIGINT, signal.SIGHUP, *children])
        self._changes = Changes()
        self._supervisor.listen(self._wakeup.descriptor)
        if self._changes.descriptor is not None:
            self._supervisor.listen(self._changes.descriptor)
        self._look_at_files = self._look_at_runs = 0.0  # of clock.monotonic()
        self._seen: str | None = None
        self._generation = state.generation
        self._stepped: float | None = None
        self._place: int | None = None
        self._lacking: str | None = None
        self._reloading = self._ending = False

    def serve(self, *, wait: float = 0.0, stop_tasks: bool = False, standby: bool = False) -> int:
        """Serve until SIGTERM or SIGINT.

        Then running tasks continue, and the next process adopts them; unless they are waited for, at most `wait`
        seconds, or stopped. BusyError if another process serves this instance; with `standby` wait for its end.
        """
        self._place = self._stand_by() if standby else serving.take(self._instance)
        if self._place is None:
            return 0
        self._adopt()
        self._supervisor.lingering.find(self._state)
        self._events.tell("serving", state=self._instance.state, adopted=len(self._supervisor.open_runs))
        self._service.tell("READY=1\nSTATUS=Serving")
        while not self._ending:
            self._turn()
        self._service.tell("STOPPING=1")
        self._supervisor.expire(float("inf"))
        os.close(self._place)  # from now on another process may serve, also while tasks are waited for here
        self._events.tell("ending", running=len(self._supervisor.open_runs))
        self._watch_tasks(wait)
        if stop_tasks:
            self._stop_tasks()
        self._pass_on(_LAST_WORDS)
        self._events.tell("stopped", running=len(self._supervisor.open_runs))
        hand_over(self._supervisor, self._instance, with_runs=False)
        return 0

    def _stand_by(self) -> int | None:
        """Wait until no other process serves, and take its place; None when told to end meanwhile."""
        waiting = locks.Waiting(self._instance.serving)
        if not self._wakeup.wait(_MOMENT, waiting.descriptor):
            pid = serving.holder(self._instance.serving)
            self._events.tell("standby", pid=int(pid) if pid.isdecimal() else None)
            self._service.tell(f"READY=1\nSTATUS=Standing by: process {pid} serves")
        while not self._ending:
            if waiting.is_over:
                if (place := waiting.take()) is not None:
                    serving.sign(place)
                    return place
                waiting = locks.Waiting(self._instance.serving)
            self._wakeup.wait(min(LONGEST_SLEEP, self._service.watchdog), waiting.descriptor)
            self._tend()
        return None

    def _turn(self) -> None:
        try:
            now = clock.now()
            self._mend_directories()
            self._mend_state(now)
            try:
                is_done = self._step(now)
            finally:  # what others left can wait for what is due, but not for a step that fails
                if clock.monotonic() >= self._look_at_runs:
                    self._adopt()
            if is_done:
                self._sleep()
        except (AutomateError, OSError, MemoryError) as error:
            self._trouble(error)
        self._tend()

    def _tend(self) -> None:
        self._service.tell("WATCHDOG=1")  # also in trouble: a service manager cannot mend a full disk
        if daemon.is_init():
            daemon.reap(self._supervisor.children)
        self._take_signals()

    def _trouble(self, error: Exception) -> None:
        """Wait until it may be over, and meanwhile see to what runs, and to what ends as long as that can be done."""
        told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        self._events.tell("error", message=told or "out of memory")
        self._look_at_files = 0.0
        until = clock.monotonic() + _AFTER_TROUBLE
        patience = _REST
        while (left := until - clock.monotonic()) > 0 and not self._wakeup.wait(min(left, patience)):
            try:
                self._tell(self._supervisor.step(0.0))
            except (AutomateError, OSError, MemoryError):
                patience = self._supervisor.keep_watch()

    def _adopt(self) -> None:
        self._supervisor.adopt()
        reserve.refill(self._instance.written)
        self._look_at_runs = clock.monotonic() + _LOOK_AT_RUNS

    def _mend_directories(self) -> None:
        """Create directories of the state again that were removed.

        With locks/ the daemon's lock is lost, and is taken again. BusyError if another process has it: then this one
        ends.
        """
        make_directories(self._instance)
        if self._place is not None and not locks.is_at(self._instance.serving, self._place):
            try:
                place = serving.take(self._instance)
            except BusyError:
                self._ending = True
                raise
            os.close(self._place)
            self._place = place

    def _mend_state(self, now: float) -> None:
        """Create a removed state again without the schedules.

        Everything due up to the last step is decided, and nothing after it: so the tasks count as new as of that step.
        """
        self._state.heal()
        if self._state.generation != self._generation:
            self._supervisor.expire(float("inf"))
            self._supervisor.reinstate()
            self._adopt()  # what was ready has been taken for what was claimed
            self._events.tell("restored", state=self._state.path)
            self._look_at_files = 0.0
            self._step(min(now, self._stepped or now))
            self._generation = self._state.generation

    def _step(self, now: float) -> bool:
        """Take a step; return False if another must follow at once."""
        catalog = self._catalog(now)
        watched = self._stepped is not None and now - self._stepped <= 2 * LONGEST_SLEEP  # else it was suspended
        done = step(catalog, self._state, self._supervisor, now, watched=watched)
        self._events.changes(done.changes)
        self._events.claimed(done.runs)
        self._seen = self._seen if catalog is None else catalog.fingerprint
        if self._state.generation == self._generation:
            self._stepped = now
        if self._reloading and catalog is not None:
            self._reloading = False
            self._service.tell("READY=1")
        self._supervisor.expire(now)  # what was not begun, because it was paused, changed, or decided by another
        return not done.again

    def _catalog(self, now: float) -> Catalog | None:
        """Return a catalog if something may have changed, or another process has read the files; else None."""
        looked = clock.monotonic()
        is_known = self._seen is not None and schedules.recall(self._state, schedules.SEEN) == self._seen
        if not self._changes.seen() and looked < self._look_at_files and is_known:
            return None
        catalog = self._read_settings(now)
        # Without it, its place would be watched, where something changes at each step.
        calls = [self._instance.calls] if os.path.isdir(self._instance.calls) else []
        zones = [path for path in (*ZONE_FILES, *ZONE_DIRS) if path in ZONE_FILES or os.path.isdir(path)]
        while self._changes.watch([*catalog.task_dirs, self._instance.settings, *calls, *zones]):
            catalog = self._read_settings(now)
        self._look_at_files = looked + (_LOOK_AT_FILES if self._changes.sees_all else _POLL_FILES)
        try:
            catalog.names()
        except AutomateError as error:  # a directory that cannot be read: what is known of it goes on
            self._events.tell("error", message=str(error))
            self._look_at_files = looked + _AFTER_TROUBLE
            return None
        if not catalog.settings_faults:
            self._passing.wanted = catalog.settings_read.log_output
        try:
            share_with_group(self._instance, catalog.settings_read.group)
        except AutomateError as error:
            self._events.tell("error", message=str(error))
        return catalog

    def _read_settings(self, now: float) -> Catalog:
        """Read the tasks again, and from the settings where they are."""
        clock.follow_zone()
        return Catalog(self._instance, self._state, owner=self._owner, now=now)

    def _sleep(self) -> None:
        patience = min(LONGEST_SLEEP, self._service.watchdog, self._look_at_files - clock.monotonic())
        if runs.count_open(self._state) > len(self._supervisor.open_runs):
            patience = min(patience, _LOOK_AT_RUNS)
        now = clock.now()
        wake = schedules.next_wake(self._state)
        if wake is not None:
            patience = min(patience, wake - now, self._preparing.go_on(now) - now)
        patience = min(patience, self._passing.go_on())
        self._tell(self._supervisor.step(max(0.0, patience)))

    def _take_signals(self) -> None:
        for number in self._wakeup.taken():
            if number == signal.SIGHUP:
                self._service.tell(f"RELOADING=1\nMONOTONIC_USEC={int(clock.awake() * 1e6)}")
                self._events.tell("reloading")
                self._look_at_files, self._reloading = 0.0, True
            elif number != signal.SIGCHLD:
                self._ending = True

    def _stop_tasks(self) -> None:
        for run in self._supervisor.open_runs:
            try:
                self._supervisor.stop(
                    run.id, "automate serve", "shutdown", "the scheduler was told to stop its tasks and exit"
                )
            except AutomateError as error:  # it was told to end all the same
                self._events.tell("error", message=str(error))
        self._watch_tasks(float("inf"))

    def _watch_tasks(self, seconds: float) -> None:
        """Wait until no task is running, at most this long; a second request to end stops waiting."""
        until = clock.monotonic() + seconds
        self._ending = False
        while self._supervisor.busy and clock.monotonic() < until and not self._ending:
            try:
                self._tell(self._supervisor.step(min(1.0, until - clock.monotonic(), self._passing.go_on())))
            except (AutomateError, OSError) as error:
                self._trouble(error)
            self._tend()

    def _tell(self, records: list[Record]) -> None:
        self._events.claimed(self._supervisor.started())
        self._events.ended(records)
        self._passing.add(records)
        if self._supervisor.lacking != self._lacking:
            self._lacking = self._supervisor.lacking
            waiting = sum(run.phase == "pending" for run in self._supervisor.open_runs)
            action = "recovered" if self._lacking is None else "lacking"
            self._events.tell(action, message=self._lacking, waiting=waiting)

    def _pass_on(self, seconds: float) -> None:
        """Copy the outputs that still wait, for at most this long."""
        until = clock.monotonic() + seconds
        while (rest := self._passing.go_on()) < until - clock.monotonic():
            clock.sleep(min(rest, _MOMENT))
        self._passing.give_up()
