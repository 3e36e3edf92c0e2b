"""The loop: one process watches any number of runs, without a thread and without a process for each."""

import os
import select
from collections.abc import Collection, Sequence
from contextlib import suppress

from automate import clock, reserve
from automate.errors import AutomateError, NotAllowedError
from automate.outcomes import Cause
from automate.paths import Instance
from automate.process import host, locks, spawn
from automate.run import Record
from automate.state import OpenRun, State, Stop, runs
from automate.state.opening import make_directories
from automate.supervisor import adopting, claiming, finishing, leftovers, output_search, shortages, starting
from automate.supervisor.armed import Ahead
from automate.supervisor.attempt import Attempt, Waiting, each, release
from automate.supervisor.claiming import Decide
from automate.supervisor.finishing import Result
from automate.supervisor.followers import not_in_step
from automate.supervisor.limits import Limits
from automate.supervisor.lingering import Lingering
from automate.supervisor.queue import Queue
from automate.supervisor.request import Request
from automate.supervisor.restoring import reinstate
from automate.task import Task

_REST = 0.02  # seconds between looks at an adopted attempt that has not said its PID yet


class Supervisor:
    """Watches runs: those it began, and those it adopted. A run that it watches, nobody else finishes.

    Nothing here blocks but `step`. When this process dies, its runs go on, and whoever looks next takes them over.
    """

    def __init__(self, instance: Instance, state: State, *, uid: int, in_step: bool = False) -> None:
        """`uid` is the effective user id. `in_step`: the caller keeps the state in step with the task files; without
        it they are looked at when a run ends, for tasks that follow it and that no scheduler has seen yet. Raises this
        process's limit of open files as far as it may, and lets no child inherit a descriptor that this process was
        given. NotAllowedError for a user who may only look at the instance; OSError."""
        if isinstance(state.refusal, NotAllowedError):
            raise state.refusal
        host.keep_descriptors_private()
        spawn.see_children_end()
        self.attempts: dict[int, Attempt] = {}
        self._queue = Queue(instance, state)
        self._instance, self._state, self._uid = instance, state, uid
        self._in_step = in_step
        self._watch = reserve.with_room(instance.written, lambda: locks.Watch(os.path.join(instance.locks, "watch")))
        self._poll = select.epoll()
        self._by_pidfd: dict[int, Attempt] = {}
        self._limits = Limits(instance, state)
        self.lingering = Lingering(instance)
        self._over: list[Attempt] = []
        self._unseen: list[Attempt] = []
        self._ended: list[Attempt] = []
        self._left_queue: list[OpenRun] = []
        self._decided: list[Record] = []
        self._unsure = False
        self._generation = state.generation
        self._ahead = Ahead(instance, state, self._watch)
        self._boot = host.boot_id()
        self._nofile = spawn.raise_open_files()

    @property
    def busy(self) -> bool:
        """Whether there is anything left to wait for or to write down."""
        return bool(self.attempts or self._queue.waiting or self._decided)

    @property
    def children(self) -> set[int]:
        """The PIDs whose ends this supervisor sees to."""
        own = {pid for attempt in self.attempts.values() for pid in attempt.children}
        return own | self._ahead.pids

    @property
    def open_runs(self) -> list[OpenRun]:
        """Those that it watches and that have not ended."""
        running = [attempt.run for attempt in self.attempts.values()]
        return running + [waiting.run for waiting in self._queue.waiting.values()]

    @property
    def lacking(self) -> str | None:
        """What runs wait for that the machine does not have, or does not give to this process."""
        return self._queue.room.reason

    def begin(self, wanted: Sequence[Request], decide: Decide | None = None) -> list[OpenRun]:
        """Claim the runs, all in one transaction, and start them. One that may not start now waits, or is decided not
        to start; its record comes from a later `step`. `decide` is asked within the transaction for which tasks another
        process has decided meanwhile: their requests are dropped. StateError: nothing was claimed, nothing started."""
        if wanted:
            reserve.with_room(self._instance.written, self._start_queued)  # who waits was first
        claims = reserve.with_room(self._instance.written, lambda: self._claim(wanted, decide))
        started = self._ahead.begin(claims)
        self._ahead.give_up(wanted, {run.id for _, run in claims})
        ready: list[Waiting] = []
        for request, run in claims:
            if run.id in started:
                self._register(started[run.id], is_over=False)
            elif run.phase == "running":
                ready.append(Waiting(run, request.task, request.locks))
            else:
                release(request.locks)
                self._take_in(adopting.examine(self._instance, run))
        self._start(ready)
        put_back = {waiting.run.id: waiting.run for waiting in ready}
        return [put_back.get(run.id, run) for _, run in claims]

    def _claim(self, wanted: Sequence[Request], decide: Decide | None) -> list[tuple[Request, OpenRun]]:
        """May be repeated when it fails: nothing was claimed then."""
        try:
            for request in wanted:
                self._ahead.lend(request)
            room = self._queue.room.descriptors(is_idle=not self.attempts) if self._queue.room.reason is None else 0
            return claiming.claim(self._instance, self._state, self._watch, wanted, decide, room=room)
        except BaseException:
            self._ahead.expire(float("inf"))  # what is ready may hold just what is lacking
            for request in wanted:
                release(request.locks)
                request.armed = None
            raise

    def arm(self, wanted: Sequence[tuple[Request, float]]) -> None:
        """Make ready what is to be begun at the instants given (epoch seconds); `begin` decides. StateError."""
        if self.lacking is None:
            self._ahead.arm(wanted, uid=self._uid, nofile=self._nofile)

    def expire(self, until: float) -> None:
        """Let go of what was made ready to begin until then, inclusive, and was not begun."""
        self._ahead.expire(until)

    def reinstate(self) -> None:
        """After the state was lost, and made anew: put back what only this process knows of. AutomateError."""
        if self._state.generation != self._generation:
            for run in reinstate(self._instance, self._state, self.open_runs):
                release(self._queue.remove(run.id).locks)
                self._watch.release(run.id)
            self._generation = self._state.generation

    def listen(self, descriptor: int) -> None:
        """Let `step` return early when there is something to read. The caller owns the descriptor, and reads it."""
        self._poll.register(descriptor, select.EPOLLIN)

    def adopt(self) -> None:
        """Take over every open run that nobody watches: what ended is written down by the next `step`, what was never
        started is started by it, what runs is watched. Files of runs that are on record are removed."""
        self._keep_watch_file()
        reserve.with_room(self._instance.written, self._adopt)

    def _adopt(self) -> None:
        own = {*self.attempts, *self._queue.waiting, *(record.id for record in self._decided), *self._ahead.ids}
        leftovers.sweep(self._instance, self._state, self._watch, own)
        open_runs = runs.open_runs(self._state)
        taken = [run for listed in open_runs if (run := self._take(listed.id))]
        recorded = finishing.recorded(self._instance, [run.id for run in taken], [run.log for run in taken])
        following = finishing.close(self._instance, self._state, [*recorded.values()], self._not_in_step(recorded))
        for run in taken:
            if run.id in recorded:
                self._watch.release(run.id)
            else:
                self._take_in(adopting.examine(self._instance, run))
        self._follow(following)

    def step(self, timeout: float) -> list[Record]:
        """Wait at most `timeout` seconds for something to happen, do what is to be done, and return the records of the
        runs that have ended, once they are on disk. AutomateError or OSError when they cannot be written or found out:
        they are not lost, the next `step` or the next process tries again."""
        self.reinstate()
        reserve.with_room(self._instance.written, self._start_queued)
        self._wait(timeout)
        self.lingering.look()
        self._limits.enforce(self.attempts)
        return reserve.with_room(self._instance.written, self._finish)

    def keep_watch(self) -> float:
        """Only see to what runs: a full disk gives no task more time. Seconds until this is to be done again."""
        with suppress(AutomateError, OSError, MemoryError):
            self._wait(0.0)
            self.lingering.look()
            self._limits.enforce(self.attempts)
        return max(_REST, self._limits.patience())

    def stop(self, run_id: int, by: str, cause: Cause, reason: str | None = None) -> None:
        """End a run: TERM to its process group, KILL after the task's `kill_after`; the second time, KILL at once."""
        attempt = self.attempts.get(run_id)
        if attempt is not None and attempt.kill_at is not None:
            self._limits.kill(attempt)
        elif attempt is not None:
            self._limits.end(attempt, Stop("stopped", clock.now(), by, reason, cause))
        elif run_id in self._queue.waiting:
            runs.ask_to_stop(self._state, run_id, Stop("stopped", clock.now(), by, reason, cause))
            self._queue.look_soon()

    def started(self) -> list[OpenRun]:
        """The runs that have left the queue, and were started, since this was asked last."""
        started, self._left_queue = self._left_queue, []
        return started

    def leave(self) -> None:
        """Let go of everything that still runs, so that another process can watch it."""
        self.expire(float("inf"))
        self._queue.let_go()
        for attempt in self.attempts.values():
            output_search.call_off(attempt)
            attempt.let_go()
        self._poll.close()
        self._watch.close()

    def _take(self, run_id: int) -> OpenRun | None:
        """The run as it is now, if nobody watched it, neither this process nor another."""
        is_ours = run_id in self.attempts or run_id in self._queue.waiting
        if is_ours or any(record.id == run_id for record in self._decided) or not self._watch.take(run_id):
            return None
        run = runs.open_run(self._state, run_id)
        if run is None:  # it was finished before the watch was ours
            self._watch.release(run_id)
        return run

    def _take_in(self, left: adopting.Left) -> None:
        if left.decided is not None:
            self._decided.append(left.decided)
        elif left.waiting is not None:
            self._queue.add(left.waiting)
        elif left.attempt is not None:
            self._register(left.attempt, is_over=left.is_over)

    def _start(self, ready: Sequence[Waiting]) -> list[OpenRun]:
        """The runs that were started, or cannot be; the others wait for room."""
        begun = []
        for attempt in self._queue.start(ready, self._attempt):
            self._register(attempt, is_over=attempt.refused is not None)
            begun.append(attempt.run)
        return begun

    def _attempt(self, ready: Waiting) -> Attempt:
        return starting.start(self._instance, ready.task, ready.run, ready.locks, uid=self._uid, nofile=self._nofile)

    def _register(self, attempt: Attempt, *, is_over: bool) -> None:
        self.attempts[attempt.run.id] = attempt
        if is_over and not output_search.begin(self._instance, attempt):
            self._over.append(attempt)
            return
        if attempt.pidfd is None:
            self._unseen.append(attempt)
        else:
            self._by_pidfd[attempt.pidfd] = attempt
            self._poll.register(attempt.pidfd, select.EPOLLIN)
        self._limits.watch(attempt)

    def _wait(self, timeout: float) -> None:
        timeout = min(
            timeout,
            self.lingering.patience(),
            self._limits.patience(),
            _REST if self._unseen else self._queue.patience(),
        )
        if self._over or self._ended or self._decided:
            timeout = 0.0
        for descriptor, _ in self._poll.poll(max(0.0, timeout), maxevents=1024):
            if descriptor in self._by_pidfd:
                self._poll.unregister(descriptor)
                self._ended.append(self._by_pidfd.pop(descriptor))
        each(self._ended, self._has_ended)
        each(self._unseen, self._look_for_pid)

    def _has_ended(self, attempt: Attempt) -> None:
        if attempt.search is not None:
            output_search.end(attempt)
            self._register(attempt, is_over=True)
            return
        is_asked = finishing.asked(self._state, attempt) is not None
        is_over = finishing.collect(attempt, is_asked_to_end=is_asked)
        if is_asked and not is_over and attempt.kill_at is None:
            attempt.kill_at = clock.monotonic() + float(attempt.task.kill_after)
        self._register(attempt, is_over=is_over)

    def _look_for_pid(self, attempt: Attempt) -> None:
        """Of an adopted attempt that was between its word and its first line when it was adopted."""
        if adopting.follow(attempt):
            self._register(attempt, is_over=False)
        else:  # it may have ended without a word, and so without having run anything
            del self.attempts[attempt.run.id]
            self._take_in(adopting.examine(self._instance, attempt.run))

    def _start_queued(self) -> None:
        for attempt in [*self._queue.stopped(), *self._queue.given_up()]:
            self._register(attempt, is_over=True)
        self._left_queue += self._start(self._queue.begin(self._boot, is_idle=not self.attempts))

    def _keep_watch_file(self) -> None:
        """Where it was removed, others have seen runs unwatched: those that they have taken over are theirs."""
        if self._watch.is_in_place:
            return
        make_directories(self._instance)
        lost = self._watch.renew()
        if lost:
            self.expire(float("inf"))
        self._decided = [record for record in self._decided if record.id not in lost]
        for run_id in lost & self._queue.waiting.keys():
            release(self._queue.remove(run_id).locks)
        for run_id in lost & self.attempts.keys():
            self._let_go(self.attempts.pop(run_id))

    def _let_go(self, attempt: Attempt) -> None:
        for attempts in (self._over, self._unseen, self._ended):
            if attempt in attempts:
                attempts.remove(attempt)
        if attempt.pidfd is not None and attempt.pidfd in self._by_pidfd:
            self._poll.unregister(attempt.pidfd)
            del self._by_pidfd[attempt.pidfd]
        output_search.call_off(attempt)
        attempt.let_go()

    def _finish(self) -> list[Record]:
        """Group the ends: one append and one transaction for all that ended since the last step."""
        self._keep_watch_file()
        over, self._over = self._over, []
        decided, self._decided = self._decided, []  # what follows these records may be decided as well
        records, closed, unforked = list(decided), [], []
        try:
            for attempt in over:
                result = finishing.result(self._state, attempt)
                if result.may_wait_for_room and attempt.run.trigger != "manual":
                    unforked.append(attempt)
                elif not self._tries_again(attempt, result):
                    records.append(finishing.record(self._instance, attempt, result))
                    closed.append(attempt)
            unseen = self._not_in_step(records)
            self._follow(finishing.write(self._instance, self._state, records, unseen, again=self._unsure))
        except (AutomateError, OSError):
            self._unsure = True
            self._decided += decided
            self._over += [attempt for attempt in over if attempt.run.id in self.attempts]
            raise
        self._unsure = False
        if closed:
            self._queue.hurry()
        for attempt in closed:
            attempt.let_go()
            del self.attempts[attempt.run.id]
            self._queue.room.forget(attempt.run.id)
        for attempt in unforked:
            del self.attempts[attempt.run.id]
        self._queue.put_back([Waiting(each.run, each.task, each.locks) for each in unforked], shortages.NO_PROCESS)
        for attempt in closed:
            self.lingering.add(attempt.run.task, attempt.run.id, attempt.task.output.max_size)
            finishing.prune(self._instance, self._state, attempt)
        for record in records:
            self._watch.release(record.id)
        return records

    def _follow(self, following: Sequence[OpenRun]) -> None:
        """Runs that were claimed because others have ended; unless somebody else watches them already."""
        for run in following:
            if self._watch.take(run.id):
                self._take_in(adopting.examine(self._instance, run))

    def _not_in_step(self, ended: Collection[object]) -> list[Task] | None:
        return not_in_step(self._instance, self._state, self._uid) if ended and not self._in_step else None

    def _tries_again(self, attempt: Attempt, result: Result) -> bool:
        following = finishing.next_attempt(self._state, attempt, result)
        if following is None:
            return False
        del self.attempts[attempt.run.id]
        self._queue.add(Waiting(following, attempt.task, attempt.locks))
        return True
