"""Attempts made ready before their time: all that a start takes is done, but for the claim, the locks and the word.

The state knows nothing of this but that their ids are given. What has come due is decided then, by whoever looks first,
as if nothing were ready; what is ready only serves if the decision is to start just that run of just that definition.
When this process dies, the gates close and the shims end without having run anything.
"""

from collections.abc import Collection, Iterable, Sequence

from automate import clock
from automate.errors import AutomateError
from automate.paths import Instance
from automate.process import host, locks, spawn
from automate.runlog import position
from automate.state import OpenRun, State
from automate.supervisor import claiming, starting
from automate.supervisor.attempt import Attempt, release
from automate.supervisor.request import Request, row

# Of the descriptors that this process may have, so many for each that is made ready: it needs three to seven.
_SHARE = 8


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
        StateError."""
        wanted = [each for each in wanted if (each[0].task.name, each[0].due) not in self._armed]
        wanted = wanted[: max(0, spawn.most_open_files() // _SHARE - len(self._armed))]
        log, boot = position(self._instance), host.boot_id()
        for run_id, (request, at) in zip(self._ids(len(wanted)), wanted, strict=True):
            run = row(run_id, request, "running", boot, (log.file, log.size))._replace(not_before=at)
            attempt = self._attempt(request, run, uid, nofile)
            if attempt is None:
                self._watch.release(run_id)
            else:
                self._armed[request.task.name, request.due] = request, attempt

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
        if attempt.refused is None:
            return attempt
        starting.disarm(self._instance, [attempt])
        release(attempt.locks)
        return None


def _are_alike(ready: Request, request: Request) -> bool:
    """Whether what was made ready for the one does for the other: same definition, same reason to run."""
    return ready.task == request.task and ready.trigger == request.trigger and ready.args == request.args
