"""Attempts made ready before their time: all that a start takes is done, but for the claim, the locks and the word.

The state knows nothing of this but that their ids are given. What has come due is decided then, by whoever looks first,
as if nothing were ready; what is ready only serves if the decision is to start just that run of just that definition.
When this process dies, the gates close and the shims end without having run anything.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from automate import clock
from automate.errors import AutomateError
from automate.paths import Instance
from automate.process import host, locks, spawn
from automate.runlog import position
from automate.state import OpenRun, State
from automate.supervisor import claiming, starting
from automate.supervisor.attempt import Attempt, release
from automate.supervisor.request import Request, row


class Ahead:
    """The armed attempts of one supervisor, which watches their ids, so that nobody sweeps their files away."""

    def __init__(self, instance: Instance, state: State, watch: locks.Watch) -> None:
        self._instance, self._state, self._watch = instance, state, watch
        self._armed: dict[tuple[str, float | None], tuple[Request, Attempt]] = {}

    @property
    def pids(self) -> set[int]:
        """Of the shims that wait."""
        return {attempt.pid for _, attempt in self._armed.values() if attempt.pid is not None}

    @property
    def ids(self) -> set[int]:
        """Those that their runs will have."""
        return {attempt.run.id for _, attempt in self._armed.values()}

    def arm(self, wanted: Sequence[tuple[Request, float]], *, uid: int, nofile: tuple[int, int] | None) -> None:
        """Make requests ready, each to start at its instant (epoch seconds), but for those that are, since before the
        clock was set back. One that cannot be is left to its time: what is wrong with it is put on record then.
        Half of what this process may open is left for what runs; where the machine lacks something, all that is ready
        is let go, since it may be just that. StateError."""
        wanted = [each for each in wanted if (each[0].task.name, each[0].due) not in self._armed]
        used = sum(map(_descriptors, (request for request, _ in self._armed.values())))
        wanted = list(_that_fit(wanted, (spawn.free_descriptors() - used) // 2))
        log, boot, is_short = position(self._instance), host.boot_id(), False
        for run_id, (request, at) in zip(self._ids(len(wanted)), wanted, strict=True):
            run = row(run_id, request, "running", boot, (log.file, log.size))._replace(not_before=at)
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

    def lend(self, request: Request) -> None:
        """What is ready for it becomes the request's, for `begin` or `give_up`."""
        ready, attempt = self._armed.get((request.task.name, request.due), (None, None))
        if ready is not None and request.refused is None and _are_alike(ready, request):
            request.armed = attempt

    def begin(self, claims: Iterable[tuple[Request, OpenRun]]) -> dict[int, Attempt]:
        """Give the word for all that may start now, before anything else is done; the attempts, by run id. They are the
        caller's. One whose shim somebody has killed is not among them, nor armed any more."""
        begun: dict[int, Attempt] = {}
        for request, run in claims:
            if request.armed is None or run.phase != "running":
                continue
            attempt, request.armed = request.armed, None
            attempt.run, attempt.began = run, clock.now()
            del self._armed[run.task, run.due]
            if starting.give_word(attempt):
                begun[run.id] = attempt
            else:
                starting.disarm(self._instance, [attempt])
        return begun

    def give_up(self, requests: Iterable[Request], claimed: Collection[int] = ()) -> None:
        """Disarm what is still lent to them; the ids `claimed` are watched further."""
        self._disarm([request.armed for request in requests if request.armed is not None], claimed)

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
    """Whether what was made ready for the one does for the other: same definition, same reason to run."""
    return ready.task == request.task and ready.trigger == request.trigger and ready.args == request.args
