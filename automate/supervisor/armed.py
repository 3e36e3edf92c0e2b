"""Attempts prepared before their time: only the claim, the locks and the word remain.

The state knows only that their ids are used. Due times are decided by the process that is first, as if nothing were
prepared; a prepared attempt only serves if the decision is to start just that run of just that definition. If this
process dies, the gates close and the shims end without having run anything.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from automate import clock
from automate.errors import AutomateError
from automate.paths import Instance
from automate.process import host, locks, spawn
from automate.runlog import position
from automate.state import OpenRun, State
from automate.supervisor import claiming, starting
from automate.supervisor.admission import Admitted, Request, row
from automate.supervisor.attempt import Attempt, release
from automate.supervisor.claiming import Claim


class Ahead:
    """The armed attempts of one supervisor, which watches their ids, so that their files are not removed."""

    def __init__(self, instance: Instance, state: State, watch: locks.Watch) -> None:
        self._instance, self._state, self._watch = instance, state, watch
        self._armed: dict[tuple[str, float | None], tuple[Request, Attempt]] = {}

    @property
    def pids(self) -> set[int]:
        """Return the PIDs of the waiting shims."""
        return {attempt.pid for _, attempt in self._armed.values() if attempt.pid is not None}

    @property
    def ids(self) -> set[int]:
        """Return the ids of their runs to be."""
        return {attempt.run.id for _, attempt in self._armed.values()}

    def arm(self, wanted: Sequence[tuple[Request, float]], *, uid: int, nofile: tuple[int, int] | None) -> None:
        """Arm requests, each to start at its instant (epoch seconds), unless they are armed already.

        A request that cannot be armed is started at its time, and its error is recorded then. Half of the descriptors
        of this process are left for running tasks; if the machine lacks something, everything armed is given up, since
        it may be the cause. StateError.
        """
        wanted = [each for each in wanted if (each[0].task.name, each[0].due) not in self._armed]
        used = sum(map(_descriptors, (request for request, _ in self._armed.values())))
        wanted = list(_that_fit(wanted, (spawn.free_descriptors() - used) // 2))
        log, boot, is_short = position(self._instance), host.pid_space(), False
        for run_id, (request, at) in zip(self._ids(len(wanted)), wanted, strict=True):
            run = row(run_id, request, Admitted("running"), boot, (log.file, log.size))._replace(not_before=at)
            attempt = None if is_short else self._attempt(request, run, uid, nofile)
            if attempt is not None and attempt.refused is None:
                self._armed[request.task.name, request.due] = request, attempt
                continue
            self._watch.release(run_id)
            is_short = is_short or (attempt is not None and attempt.is_short)
        if is_short:
            self.expire(float("inf"))

    def _ids(self, number: int) -> list[int]:
        ids: list[int] = []
        try:
            with self._state.hasty_transaction():
                ids += claiming.watched_ids(self._state, self._watch, number)
        except BaseException:
            for run_id in ids:
                self._watch.release(run_id)
            raise
        return ids

    def attempt_for(self, request: Request) -> Attempt | None:
        """Return the attempt that is ready to serve the request: same definition, same reason to run."""
        ready, attempt = self._armed.get((request.task.name, request.due), (None, None))
        fits = ready is not None and request.refused is None and _are_alike(ready, request)
        return attempt if fits else None

    def begin(self, claims: Iterable[Claim]) -> dict[int, Attempt]:
        """Give the word for all runs that may start now, before anything else; return the attempts by run id.

        They belong to the caller. An attempt whose shim was killed is not among them, and no longer armed.
        """
        begun: dict[int, Attempt] = {}
        for _, run, _, attempt in claims:
            if attempt is None or run.phase != "running":
                continue
            attempt.run, attempt.began = run, clock.now()
            del self._armed[run.task, run.due]
            if starting.give_word(attempt):
                begun[run.id] = attempt
            else:
                starting.disarm(self._instance, [attempt])
        return begun

    def give_up(self, requests: Iterable[Request], claimed: Collection[int] = ()) -> None:
        """Disarm what was ready for them and has not begun; the ids `claimed` are watched further."""
        self._disarm([attempt for each in requests if (attempt := self.attempt_for(each))], claimed)

    def expire(self, until: float) -> None:
        """Disarm those that were to start until then, inclusive, and have not been taken."""
        self._disarm([attempt for _, attempt in self._armed.values() if attempt.run.not_before <= until])

    def _disarm(self, over: Sequence[Attempt], claimed: Collection[int] = ()) -> None:
        """They end without having run anything, and their locks with them."""
        starting.disarm(self._instance, over)
        for attempt in over:
            release(attempt.locks)
            self._armed.pop((attempt.run.task, attempt.run.due), None)
            if attempt.run.id not in claimed:
                self._watch.release(attempt.run.id)

    def _attempt(self, request: Request, run: OpenRun, uid: int, nofile: tuple[int, int] | None) -> Attempt | None:
        try:
            opened = claiming.make_ready_locks(self._instance, request.task)
        except (AutomateError, OSError):
            return None
        begins = run.not_before
        attempt = starting.arm(self._instance, request.task, run, opened, uid=uid, nofile=nofile, begins=begins)
        if attempt.refused is not None:
            starting.disarm(self._instance, [attempt])
            release(attempt.locks)
        return attempt


def _descriptors(request: Request) -> int:
    return claiming.descriptors(request.task) + 1  # and the gate


def _that_fit(wanted: Sequence[tuple[Request, float]], descriptors: int) -> Iterator[tuple[Request, float]]:
    for request, at in wanted:
        descriptors -= _descriptors(request)
        if descriptors < 0:
            return
        yield request, at


def _are_alike(ready: Request, request: Request) -> bool:
    return ready.task == request.task and ready.trigger == request.trigger and ready.args == request.args
