"""Command lines, ready to be typed, that help with what an explanation found."""

from collections.abc import Iterator, Sequence
from shlex import join
from typing import NamedTuple

from automate.instants import stamp
from automate.operate.explanations import Explained, Explanation
from automate.outcomes import RAN
from automate.rules.health_levels import OVERDUE
from automate.rules.verdicts import Hindrance
from automate.run import Record

_MINUTE = 60.0


class Advice(NamedTuple):
    """`words` are those of automate's command line, or of another `program`'s."""

    what: str
    words: tuple[str, ...]
    program: str = "automate"

    def line(self, options: Sequence[str]) -> str:
        """Return the command line for a shell; `options` name the instance."""
        return join([self.program, *(options if self.program == "automate" else ()), *self.words])


_SCHEDULER = (
    Advice("start the scheduler", ("serve",)),
    Advice("find out why none is running", ("doctor",)),
)


def advice(explanation: Explanation) -> list[Advice]:
    """Return the advice, most important first, without duplicates."""
    subject = explanation.subject
    found = [*_file(explanation)]
    for each in explanation.told:
        found += _of(each, explanation)
    if is_unserved(explanation) and any(each.fate.kind in {"will_run", "undecided"} for each in explanation.told):
        found += _SCHEDULER
    for pause in explanation.pauses:
        words = ("resume", pause.task) if pause.task else ("resume",)
        found.append(Advice("end its pause" if pause.task else "end the pause of all tasks", words))
    if not explanation.is_due and explanation.next is not None:
        found.append(Advice("see when it is due", ("next", subject.name)))
    return list({(each.program, each.words): each for each in reversed(found)}.values())[::-1]


def is_unserved(explanation: Explanation) -> bool:
    """Return whether, as far as this user may know, there is no daemon and no tick, or the daemon hangs."""
    alive = explanation.alive
    looked = max(alive.stepped or 0.0, alive.since or 0.0)
    return alive.serving is not None and looked < explanation.now - OVERDUE


def _file(explanation: Explanation) -> Iterator[Advice]:
    subject = explanation.subject
    if subject.faults:
        yield Advice("see every fault of the file", ("check", subject.faults[0].file))
        yield from _edit(explanation, "fix it")
    if subject.task is not None and not subject.task.enabled and not subject.is_removed:
        yield Advice("enable its schedule", ("enable", subject.name))


def _of(each: Explained, explanation: Explanation) -> Iterator[Advice]:
    record, fate = each.known.record, each.fate
    if record is not None:
        yield from _of_record(each, record, explanation)
    elif fate.kind == "running" and each.run is not None:
        yield Advice("see what it writes", ("log", "-f", str(each.run.run)))
        yield Advice("end it", ("stop", str(each.run.run)))
    elif fate.kind == "waiting":
        for hindrance in each.known.hindrances:
            yield from _of_hindrance(hindrance)
        if each.open is not None and each.open.attempt > 1:
            yield Advice("see what it wrote so far", ("log", str(each.open.id)))
            yield Advice("stop retrying", ("stop", str(each.open.id)))
    elif fate.kind == "undecided":
        yield Advice("handle it now", ("tick",))
    elif fate.kind == "no_record" and each.known.due is not None:
        since, until = each.known.due, each.known.due + _MINUTE
        yield Advice("compare schedule and run log", ("audit", "--since", _instant(since), "--until", _instant(until)))
    if record is None and fate.kind in {"not_run", "will_not_run"} and fate.decided in {"except", "paused", "disabled"}:
        yield from _run(explanation, "run it now anyway")


def _of_record(each: Explained, record: Record, explanation: Explanation) -> Iterator[Advice]:
    did_not_run = each.fate.kind == "not_run"
    if record.output is not None:
        yield Advice("see what it wrote", ("log", str(record.id)))
    if record.outcome == "error":
        yield Advice("see how it would be started", ("run", explanation.subject.name, "--dry-run"))
        yield from _edit(explanation, "fix it")
    if each.blocking is not None and each.blocking.run is not None:
        yield Advice("see what the blocking run does", ("log", "-f", str(each.blocking.run)))
        yield Advice("stop the blocking run", ("stop", str(each.blocking.run)))
    if each.fate.decided == "missed":
        yield from _missed(record, explanation)
    if each.fate.decided == "overlap" and explanation.subject.task is not None:
        yield from _edit(explanation, "wait instead of skipping", "--set", "overlap=queue")
    if each.fate.decided == "lock":
        yield Advice("see which processes hold locks", (), program="lslocks")
    if (did_not_run or record.outcome in RAN - {"success"}) and not explanation.besides:
        yield from _run(explanation, "run it now" if did_not_run else "run it again")


def _missed(record: Record, explanation: Explanation) -> Iterator[Advice]:
    if record.cause == "missed_within":
        yield from _edit(explanation, "catch up what was missed, however old", "--unset", "missed_within")
    elif record.cause == "no_scheduler":
        yield from _edit(explanation, "catch up every missed due time", "--set", "missed=all")
    if is_unserved(explanation):
        yield from _SCHEDULER


def _of_hindrance(hindrance: Hindrance) -> Iterator[Advice]:
    if hindrance.cause == "max_running":
        yield Advice("see what runs", ("list", "--status", "running"))
    for holder in hindrance.holders if hindrance.cause in {"lock", "overlap"} else ():
        if holder.run is not None:
            yield Advice(f"see what {holder.task} #{holder.run} does", ("log", "-f", str(holder.run)))
            yield Advice(f"end {holder.task} #{holder.run}", ("stop", str(holder.run)))
        elif holder.pid is not None:
            yield Advice("see what holds the lock", ("-f", "-p", str(holder.pid)), program="ps")
        else:
            yield Advice("see which processes hold locks", (), program="lslocks")


def _edit(explanation: Explanation, what: str, *change: str) -> Iterator[Advice]:
    if explanation.subject.entry is not None:
        yield Advice(what, ("edit", explanation.subject.name, *change))


def _run(explanation: Explanation, what: str) -> Iterator[Advice]:
    """Advise to run the task, unless it may not be run by hand or would be refused because it is running."""
    subject, task = explanation.subject, explanation.subject.task
    if task is None or subject.entry is None or subject.faults or task.manual == "never":
        return
    if subject.entry.open_runs and task.overlap != "allow":
        return
    if task.manual == "always" or task.enabled:
        yield Advice(what, ("run", subject.name))


def _instant(seconds: float) -> str:
    return stamp(seconds)
