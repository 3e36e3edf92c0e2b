"""The supervisor: begins, adopts and finishes any number of runs."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from automate import clock, reserve
from automate.errors import AutomateError, NotAllowedError
from automate.outcomes import Cause
from automate.paths import Instance
from automate.process import host, spawn
from automate.run import Record
from automate.state import OpenRun, State, Stop, runs
from automate.supervisor import claiming, finishing, run_files, shortages, starting
from automate.supervisor.admission import Request
from automate.supervisor.armed import Ahead
from automate.supervisor.attempt import Attempt, Waiting, release
from automate.supervisor.claiming import Claim, Decide, not_in_step
from automate.supervisor.finishing import Result
from automate.supervisor.held_runs import HeldRuns
from automate.supervisor.restoring import reinstate
from automate.supervisor.task_files import remove_done
from automate.task import Task


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
        self._in_step = in_step
        self._held = HeldRuns(instance, state)
        self._watch, self._queue, self._watcher = self._held.watch, self._held.queue, self._held.watcher
        self.lingering = self._held.lingering
        self._left_queue: list[OpenRun] = []
        self._unsure = False
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
        recorded = finishing.recorded(self.instance, [run.id for run in taken], [run.log for run in taken])
        following = finishing.close(self.instance, self._state, [*recorded.values()], self._not_in_step(recorded))
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

    def _keep_watch_file(self) -> None:
        if self._held.keep_watch_file():
            self.expire(float("inf"))

    def _finish(self) -> list[Record]:
        """Group the ends: one append and one transaction for all that ended since the last step."""
        self._keep_watch_file()
        over, self._watcher.over = self._watcher.over, []
        decided, self._held.unrecorded = self._held.unrecorded, []  # what follows these records may be decided as well
        try:
            records, closed, unforked = self._results(over)
            # Before the records are written: after a crash in between, the ends are met again, and so is this.
            ran = [each.task for each, record in zip(closed, records, strict=True) if record.outcome != "skipped"]
            remove_done(self.instance, ran, clock.now())
            records = decided + records
            unseen = self._not_in_step(records)
            self._held.follow(finishing.write(self.instance, self._state, records, unseen, again=self._unsure))
        except (AutomateError, OSError):
            self._unsure = True
            self._held.unrecorded += decided
            self._watcher.over += [attempt for attempt in over if attempt.run.id in self._watcher.attempts]
            raise
        self._unsure = False
        self._close(closed)
        self._watcher.remove(unforked)
        self._queue.put_back([Waiting(each.run, each.task, each.locks) for each in unforked], shortages.NO_PROCESS)
        for attempt in closed:
            self.lingering.add(attempt.run.task, attempt.run.id, attempt.task.output.max_size)
            finishing.prune(self.instance, self._state, attempt)
        for run_id in {record.id for record in records} - self.lingering.ids:
            self._watch.release(run_id)
        return records

    def _results(self, over: Sequence[Attempt]) -> tuple[list[Record], list[Attempt], list[Attempt]]:
        """Return the records to be written, the last attempts of their runs, and the attempts that wait for a process.

        The latter ran nothing because none could be created. The others are followed by another attempt.
        """
        records, closed, unforked = [], [], []
        for attempt in over:
            result = finishing.result(self._state, attempt)
            if result.may_wait_for_room and attempt.run.trigger != "manual":
                unforked.append(attempt)
            elif not self._tries_again(attempt, result):
                records.append(finishing.record(self.instance, attempt, result))
                closed.append(attempt)
        return records, closed, unforked

    def _close(self, closed: Sequence[Attempt]) -> None:
        """Release what the attempts of recorded runs used, for those that wait."""
        if closed:
            self._queue.hurry()
        for attempt in closed:
            attempt.let_go()
            self._queue.room.forget(attempt.run.id)
        self._watcher.remove(closed)

    def _not_in_step(self, ended: Collection[object]) -> list[Task] | None:
        return not_in_step(self.instance, self._state, self._uid) if ended and not self._in_step else None

    def _tries_again(self, attempt: Attempt, result: Result) -> bool:
        following = finishing.next_attempt(self._state, attempt, result)
        if following is None:
            return False
        self._watcher.remove([attempt])
        self._queue.add(Waiting(following, attempt.task, attempt.locks))
        return True
