"""The supervisor: begins, adopts and finishes any number of runs."""

from collections.abc import Sequence
from contextlib import suppress

from automate import clock, reserve
from automate.errors import AutomateError, NotAllowedError
from automate.outcomes import Cause
from automate.paths import Instance
from automate.process import host, spawn
from automate.run import Record
from automate.state import OpenRun, State, Stop, runs
from automate.supervisor import claiming, run_files, starting
from automate.supervisor.admission import Request
from automate.supervisor.armed import Ahead
from automate.supervisor.attempt import Attempt, Waiting, release
from automate.supervisor.claiming import Claim, Decide
from automate.supervisor.held_runs import HeldRuns
from automate.supervisor.recording import Recorder
from automate.supervisor.restoring import reinstate


class Supervisor:
    """Begins runs, adopts those that lost their supervisor, and puts on record how each ended.

    No other process finishes a run that this one watches. Nothing here blocks but `step`. When this process dies, its
    runs go on, and the next process that looks adopts them.

        supervisor = Supervisor(instance, state, uid=os.geteuid())
        supervisor.adopt()
        supervisor.begin([Request(task)])
        while supervisor.busy:
            records = supervisor.step(1.0)
    """

    def __init__(self, instance: Instance, state: State, *, uid: int, in_step: bool = False) -> None:
        """Begin to supervise.

        `uid` is the effective user id. `in_step`: the caller keeps the state in step with the task files; without it
        they are read when a run ends, for tasks that follow it and that no scheduler has seen yet. This raises the
        process's limit of open files as far as possible, and keeps children from inheriting descriptors that this
        process was given. NotAllowedError for a user who may only read the instance; OSError.
        """
        if isinstance(state.refusal, NotAllowedError):
            raise state.refusal
        host.keep_descriptors_private()
        spawn.see_children_end()
        self.instance, self._state, self._uid = instance, state, uid
        self._held = HeldRuns(instance, state)
        self._recorder = Recorder(instance, state, self._held, uid, in_step=in_step)
        self._watch, self._queue, self._watcher = self._held.watch, self._held.queue, self._held.watcher
        self.lingering = self._held.lingering
        self._left_queue: list[OpenRun] = []
        self._generation = state.generation
        self._ahead = Ahead(instance, state, self._watch)
        self._boot = host.pid_space()
        self._nofile = spawn.raise_open_files()

    @property
    def busy(self) -> bool:
        """Return whether there is anything left to wait for or to record."""
        return bool(self._held)

    @property
    def children(self) -> set[int]:
        """The PIDs whose ends this supervisor sees to."""
        return self._watcher.children | self._ahead.pids

    @property
    def open_runs(self) -> list[OpenRun]:
        """Return the supervised runs that have not ended."""
        return self._held.open_runs

    @property
    def lacking(self) -> str | None:
        """Return the resource that runs wait for and that the machine lacks or does not give to this process."""
        return self._queue.room.reason

    def begin(self, wanted: Sequence[Request], decide: Decide | None = None) -> list[OpenRun]:
        """Claim the runs, all in one transaction, and start them.

        A run that may not start now waits, or is decided not to start; its record comes from a later `step`. `decide`
        is called within the transaction and returns the tasks that another process has decided meanwhile: their
        requests are dropped. StateError: nothing was claimed, nothing started.
        """
        if wanted:
            reserve.with_room(self.instance.written, self._start_queued)  # who waits was first
        claims = reserve.with_room(self.instance.written, lambda: self._claim(wanted, decide))
        started = self._ahead.begin(claims)
        self._ahead.give_up(wanted, {claim.run.id for claim in claims})
        ready: list[Waiting] = []
        for request, run, held, _ in claims:
            if run.id in started:
                self._watcher.add(started[run.id])
            elif run.phase == "running":
                ready.append(Waiting(run, request.task, held))
            else:
                release(held)
                self._held.add(run)
        self._start(ready)
        put_back = {waiting.run.id: waiting.run for waiting in ready}
        return [put_back.get(claim.run.id, claim.run) for claim in claims]

    def _claim(self, wanted: Sequence[Request], decide: Decide | None) -> list[Claim]:
        """May be repeated when it fails: nothing was claimed then."""
        room = self._queue.room.descriptors(is_idle=not self._watcher.attempts) if self.lacking is None else 0
        armed = self._ahead.attempt_for
        try:
            return claiming.claim(self.instance, self._state, self._watch, wanted, decide, armed=armed, room=room)
        except BaseException:
            self._ahead.expire(float("inf"))  # what is ready may hold just what is lacking
            raise

    def arm(self, wanted: Sequence[tuple[Request, float]]) -> None:
        """Make ready what is to be begun at the instants given (epoch seconds); `begin` decides. StateError."""
        if self.lacking is None:
            self._ahead.arm(wanted, uid=self._uid, nofile=self._nofile)

    def expire(self, until: float) -> None:
        """Let go of what was made ready to begin until then, inclusive, and was not begun."""
        self._ahead.expire(until)

    def reinstate(self) -> None:
        """Put back into a restored state what only this process knows. AutomateError."""
        if self._state.generation != self._generation:
            self._held.drop(reinstate(self.instance, self._state, self.open_runs))
            self._generation = self._state.generation

    def listen(self, descriptor: int) -> None:
        """Let `step` return early when there is something to read. The caller owns the descriptor, and reads it."""
        self._watcher.listen(descriptor)

    def adopt(self) -> None:
        """Take over every open run without a supervisor.

        The next `step` records what has ended and starts what was never started; running ones are supervised. Files of
        recorded runs are removed.
        """
        self._keep_watch_file()
        reserve.with_room(self.instance.written, self._adopt)

    def _adopt(self) -> None:
        run_files.sweep(self.instance, self._state, self._watch, self._held.ids | self._ahead.ids)
        open_runs = runs.open_runs(self._state)
        taken = [run for listed in open_runs if (run := self._held.take(listed.id))]
        recorded, following = self._recorder.close_recorded(taken)
        for run in taken:
            if run.id in recorded:
                self._watch.release(run.id)
            else:
                self._held.add(run)
        self._held.follow(following)

    def step(self, timeout: float) -> list[Record]:
        """Wait at most `timeout` seconds for something to happen, act on it, and return the records of ended runs.

        They are on disk by then. AutomateError or OSError if they cannot be written or found out: they are not lost,
        the next `step` or the next process tries again.
        """
        self.reinstate()
        reserve.with_room(self.instance.written, self._start_queued)
        self._held.wait(timeout)
        self._watcher.enforce()
        return reserve.with_room(self.instance.written, self._finish)

    def keep_watch(self) -> float:
        """Enforce limits of running tasks only, since a full disk gives none more time.

        Return the seconds until this must be called again.
        """
        with suppress(AutomateError, OSError, MemoryError):
            self._held.wait(0.0)
            self._watcher.enforce()
        return self._watcher.patience()

    def stop(self, run_id: int, by: str, cause: Cause, reason: str | None = None) -> None:
        """End a run: TERM to its process group, KILL after the task's `kill_after`; the second time, KILL at once."""
        stop = Stop("stopped", clock.now(), by, reason, cause)
        if run_id in self._watcher.attempts:
            self._watcher.end(self._watcher.attempts[run_id], stop)
        elif run_id in self._queue.waiting:
            runs.ask_to_stop(self._state, run_id, stop)
            self._queue.look_soon()

    def started(self) -> list[OpenRun]:
        """Return the runs that have left the queue and started since the last call."""
        started, self._left_queue = self._left_queue, []
        return started

    def leave(self) -> None:
        """Let go of everything that still runs, so that another process can watch it."""
        self.expire(float("inf"))
        self._held.close()

    def _start(self, ready: Sequence[Waiting]) -> list[OpenRun]:
        """Return the runs that were started, or cannot be; the others wait for room."""
        begun = []
        for attempt in self._queue.start(ready, self._attempt):
            self._watcher.add(attempt, is_over=attempt.refused is not None)
            begun.append(attempt.run)
        return begun

    def _attempt(self, ready: Waiting) -> Attempt:
        return starting.start(self.instance, ready.task, ready.run, ready.locks, uid=self._uid, nofile=self._nofile)

    def _start_queued(self) -> None:
        for attempt in [*self._queue.stopped(), *self._queue.given_up()]:
            self._watcher.add(attempt, is_over=True)
        self._left_queue += self._start(self._queue.begin(self._boot, is_idle=not self._watcher.attempts))

    def _finish(self) -> list[Record]:
        self._keep_watch_file()
        return self._recorder.finish()

    def _keep_watch_file(self) -> None:
        if self._held.keep_watch_file():
            self.expire(float("inf"))
