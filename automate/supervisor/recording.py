"""Records of ended runs: written to the run log, then closed in the state, and what follows them."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress

from automate import clock, output, runlog
from automate.errors import AutomateError
from automate.outcomes import DONE
from automate.paths import Instance
from automate.run import Record
from automate.state import OpenRun, State, StateError, last_runs, runs
from automate.supervisor import finishing, run_files, shortages
from automate.supervisor.attempt import Attempt, Waiting
from automate.supervisor.claiming import claim_followers, not_in_step
from automate.supervisor.finishing import Result
from automate.supervisor.held_runs import HeldRuns
from automate.supervisor.task_files import remove_done
from automate.task import Task


class Recorder:
    """Puts on record how the runs of one supervisor ended, and lets go of them."""

    def __init__(self, instance: Instance, state: State, held: HeldRuns, uid: int, *, in_step: bool) -> None:
        """`uid` and `in_step` are the supervisor's."""
        self._instance, self._state, self._held, self._uid, self._in_step = instance, state, held, uid, in_step
        self._unsure = False

    def close_recorded(self, taken: Sequence[OpenRun]) -> tuple[Collection[int], list[OpenRun]]:
        """Close those of these open runs that a crash has left with a record; return their ids, and what follows."""
        recorded = _recorded(self._instance, [run.id for run in taken], [run.log for run in taken])
        return recorded, _close(self._instance, self._state, [*recorded.values()], self._not_in_step(recorded))

    def finish(self) -> list[Record]:
        """Record all that has ended since the last call, with one append and one transaction; return the records.

        They are on disk by then. AutomateError or OSError: the next call, or the next process, tries again.
        """
        over, self._held.watcher.over = self._held.watcher.over, []
        decided, self._held.unrecorded = self._held.unrecorded, []  # what follows these records may be decided as well
        try:
            records, closed, unforked = self._results(over)
            # Before the records are written: after a crash in between, the ends are met again, and so is this.
            ran = [each.task for each, record in zip(closed, records, strict=True) if record.outcome != "skipped"]
            remove_done(self._instance, ran, clock.now())
            records = decided + records
            unseen = self._not_in_step(records)
            self._held.follow(_write(self._instance, self._state, records, unseen, again=self._unsure))
        except (AutomateError, OSError):
            self._unsure = True
            self._held.unrecorded += decided
            self._held.watcher.over += [attempt for attempt in over if attempt.run.id in self._held.watcher.attempts]
            raise
        self._unsure = False
        self._let_go(closed)
        self._held.watcher.remove(unforked)
        self._held.queue.put_back([Waiting(each.run, each.task, each.locks) for each in unforked], shortages.NO_PROCESS)
        for attempt in closed:
            self._held.lingering.add(attempt.run.task, attempt.run.id, attempt.task.output.max_size)
            _prune(self._instance, self._state, attempt)
        for run_id in {record.id for record in records} - self._held.lingering.ids:
            self._held.watch.release(run_id)
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
                records.append(finishing.record(self._instance, attempt, result))
                closed.append(attempt)
        return records, closed, unforked

    def _let_go(self, closed: Sequence[Attempt]) -> None:
        """Release what the attempts of recorded runs used, for those that wait."""
        if closed:
            self._held.queue.hurry()
        for attempt in closed:
            attempt.let_go()
            self._held.queue.room.forget(attempt.run.id)
        self._held.watcher.remove(closed)

    def _not_in_step(self, ended: Collection[object]) -> list[Task] | None:
        return not_in_step(self._instance, self._state, self._uid) if ended and not self._in_step else None

    def _tries_again(self, attempt: Attempt, result: Result) -> bool:
        following = finishing.next_attempt(self._state, attempt, result)
        if following is None:
            return False
        self._held.watcher.remove([attempt])
        self._held.queue.add(Waiting(following, attempt.task, attempt.locks))
        return True


def _recorded(
    instance: Instance, ids: Sequence[int], since: Iterable[tuple[int, int]] = ((0, 0),)
) -> dict[int, Record]:
    """Return the records of open runs, which a crash or a lost state leaves.

    None of them is before the earliest of the positions `since` of the run log.
    """
    known = runlog.recorded(instance, ids, *(runlog.Position(*each) for each in since)) if ids else ()
    return {run_id: record for run_id in known if (record := runlog.find(instance, run_id))}


def _write(
    instance: Instance, state: State, records: Sequence[Record], unseen: Sequence[Task] | None, *, again: bool
) -> list[OpenRun]:
    """Put the records of ended runs into the run log, then close the runs, as `_close` does.

    After a crash between the two, the records are found by `_recorded`; `again` says that this has failed before, and
    some may have got into the log then.
    """
    known = _recorded(instance, [record.id for record in records], [(0, 0)]) if again else {}
    new = [record for record in records if record.id not in known]
    runlog.append(instance, new)
    return [*_close(instance, state, new, unseen), *_close(instance, state, [*known.values()], unseen)]


def _close(instance: Instance, state: State, records: Sequence[Record], unseen: Sequence[Task] | None) -> list[OpenRun]:
    """Close recorded runs: forget them, claim what follows them, and remove what only served to finish them.

    It may be repeated. Return the runs that follow, which have no supervisor yet. `unseen` is what
    `claiming.not_in_step` found.
    """
    if not records:
        return []
    log = runlog.position(instance)
    with state.transaction():
        closed = runs.forget(state, [finishing.last_run(record) for record in records])
        ended = [record for record in records if record.id in closed]
        took = [(record.task, record.seconds) for record in ended if record.outcome in DONE]
        last_runs.note_durations(state, [(task, seconds) for task, seconds in took if seconds is not None])
        following = claim_followers(state, ended, (log.file, log.size), unseen)
    for record in records:
        run_files.remove(instance, record.id, record.task, record.attempts)
    return following


def _prune(instance: Instance, state: State, attempt: Attempt) -> None:
    """Remove what is too much of the outputs of a task, one of whose runs is on record now."""
    task = attempt.run.task
    with suppress(OSError, StateError):
        output.prune(
            instance.log,
            task,
            attempt.task.output,
            clock.now(),
            lambda: [run.id for run in runs.open_runs(state, task)],
        )
