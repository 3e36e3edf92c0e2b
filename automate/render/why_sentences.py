"""One sentence on what happened, happens or will happen at a due time."""

from collections.abc import Iterable

from automate.characters import last_line
from automate.instants import seconds_of
from automate.operate.advice import is_unserved
from automate.operate.explanations import Explained, Explanation
from automate.operate.task_past import Subject
from automate.render.figures import duration, end, when
from automate.rules.verdicts import Hindrance, Holder
from automate.run import Record
from automate.supervisor.attempt import task_of
from automate.units import few

_ENDED = {
    "success": "ended as success",
    "warning": "ended with a warning",
    "failed": "failed",
    "timeout": "was ended by its timeout",
    "stopped": "was stopped",
    "lost": "was lost",
    "skipped": "reported that there was nothing to do",
}


def sentence(explanation: Explanation, each: Explained | None) -> str | None:
    """Return the sentence for one due time or run, None if there is nothing to say.

    Without one it is an introduction: the instant is not a due time, or the task is never due.
    """
    if each is None:
        return _before(explanation)
    task, record = explanation.subject.name, each.known.record
    if record is not None:
        return f"{task} {ran(record) if each.fate.kind == 'ran' else _did_not_run(each, record)}."
    said = {
        "running": _runs, "waiting": _waits, "undecided": _undecided, "not_run": _not_recorded,
        "will_run": _will_run, "will_not_run": _will_not_run, "no_record": _no_record,
    }.get(each.fate.kind, _not_in_force)  # fmt: skip
    return f"{task} {said(each, explanation)}."


def instant(seconds: float) -> str:
    """Format in the host's zone, with seconds if they are not zero."""
    return when(seconds, seconds=None)


def waits_for(hindrance: Hindrance) -> str:
    """Say what keeps a run from starting, and who holds it."""
    who = few(map(_holder, hindrance.holders))
    if hindrance.cause == "retry" and hindrance.until is not None:
        return f"its time, {instant(hindrance.until)}"
    if hindrance.cause == "paused":
        return "the end of its pause"
    if hindrance.lacking is not None:
        return f"room: {hindrance.lacking}"
    if hindrance.cause == "max_running":
        return f"room: max_running is {hindrance.limit}, and these are running: {who}"
    if hindrance.cause == "overlap":
        return f"its own run: {who}"
    return f"the lock {hindrance.lock}, held by {who}"


def _holder(holder: Holder) -> str:
    run = f"{holder.task} #{holder.run}" if holder.run is not None else holder.program
    pid = f"process {holder.pid}" if holder.pid is not None else ""
    since = f"since {instant(holder.since)}" if holder.since is not None else ""
    return " ".join(filter(None, (run, f"({', '.join(filter(None, (pid, since)))})" if pid or since else ""))) or (
        "a process that this user may not see"
    )


def _before(explanation: Explanation) -> str | None:
    if explanation.at is not None and not explanation.is_due:
        verb = "was not due" if explanation.at <= explanation.now else "is not due"
        return f"{explanation.subject.name} {verb} at {instant(explanation.at)}{_why_not(explanation)}."
    why = _never(explanation) if explanation.at is None and explanation.next is None else None
    return None if why is None else f"{explanation.subject.name} {why}."


def _why_not(explanation: Explanation) -> str:
    """Say why an instant is not a due time."""
    spans, at = explanation.subject.in_force, explanation.at or 0.0
    span = next((span for span in spans if span.since < at <= span.until), None)
    if span is None:
        first = min((each.since for each in spans), default=at)
        return f": no scheduler knew it before {instant(first)}" if at < first else ": there was no such task then"
    begin, end_ = span.schedule.bounds
    if begin is not None and at < begin:
        return f": its `starting` is {instant(begin)}"
    if end_ is not None and at > end_:
        return f": its `ending` was {instant(end_)}"
    return ""


def _never(explanation: Explanation) -> str | None:
    """Say why a task is no longer due, or never due by itself."""
    subject = explanation.subject
    if subject.is_removed:
        return "is not due any more: its file was removed"
    if not subject.in_force:
        return "does not run: its file has a fault, and no scheduler knows it from before"
    schedule, after = subject.in_force[-1].schedule, subject.task.after if subject.task is not None else ()
    if schedule.at_startup:
        return f"is due when the machine or container has started{_last_start(subject)}"
    verb = "is never due by itself" if explanation.previous is None else "is not due any more"
    if schedule.bounds[1] is not None and schedule.bounds[1] <= explanation.now:
        return f"{verb}: its `ending` was {instant(schedule.bounds[1])}"
    return f"{verb}: {f'it runs after {_listed(after)}' if after else f'its schedule is {schedule.describe()}'}"


def _last_start(subject: Subject) -> str:
    """Say when the task was last due because of @reboot, or why it was not."""
    if subject.booted is None:
        return ""
    since = subject.in_force[-1].since
    known = f", before the task was in force ({instant(since)})" if since > subject.booted else ""
    return f"; the last start was at {instant(subject.booted)}{known}"


def _listed(after: Iterable[tuple[str, str]]) -> str:
    return " and ".join(dict(after))


def ran(record: Record) -> str:
    """Say why a run started and how it ended, without the task's name."""
    started = seconds_of(record.started)
    at = when(started, seconds=True)
    due = seconds_of(record.due)
    who = f" by {record.by}" if record.by else ""
    how = _how(record)
    if record.trigger == "manual":
        asked = who if record.outcome != "stopped" else ""
        return f"was run by hand{asked} at {at} and {how}"
    if record.trigger == "startup":
        return f"ran at {at}, because the machine had started, and {how}"
    if record.trigger == "after":
        return f"ran at {at}, because {record.by or 'what it follows'} had ended, and {how}"
    if record.trigger == "catch-up":
        return f"was due at {when(due)}, while no scheduler was running, and ran at {at} to catch up: it {how}"
    late = started - due if started is not None and due is not None else 0
    began = f" at {at}, {duration(late)} later" if late >= 1 else ""
    return f"was due at {when(due, seconds=None)} and ran{began}: it {how}"


def _how(record: Record) -> str:
    is_stopped = record.outcome == "stopped"
    error = last_line(record.error)
    parts = [
        _ENDED[record.outcome],
        f"by {record.by}" if is_stopped and record.by else "",
        f"with {record.signal or f'exit {record.exit_code}'}" if record.exit_code and not is_stopped else "",
        f"after {duration(record.seconds)}" if record.seconds is not None else "",
        f"in {record.attempts} attempts" if record.attempts > 1 else "",
        f"(#{record.id})",
    ]
    why = "; ".join(filter(None, (record.reason, error)))
    return " ".join(filter(None, parts)) + (f": {why}" if why else "")


def _did_not_run(each: Explained, record: Record) -> str:
    due = seconds_of(record.due) if each.known.due is None else each.known.due
    moment = when(due or seconds_of(record.ended), seconds=None)
    if record.outcome == "error":
        return f"could not be started at {moment}: {record.error or record.reason or 'see its record'} (#{record.id})"
    first = seconds_of(record.first_due)
    many = f"; one of {record.count} due times from {when(first)} to {when(seconds_of(record.due))}" if first else ""
    pause = f", {end(each.pause)}" if each.pause is not None else ""
    gap = ""
    if each.gap is not None:
        gap = f" (from {instant(each.gap.since)} to {instant(each.gap.until)})"
    return f"did not run at {moment}: {record.reason or record.outcome}{pause}{gap}{many} (#{record.id})"


def _runs(each: Explained, _explanation: Explanation) -> str:
    run = each.run
    if run is None:
        return "runs now"
    attempt = f", attempt {each.open.attempt}" if each.open is not None and each.open.attempt > 1 else ""
    trigger = each.known.trigger
    due = f" for its due time {instant(each.known.due)}" if each.known.due is not None else f" ({trigger})"
    by = f" by {each.open.by}" if each.open is not None and each.open.by and each.known.due is None else ""
    return f"runs now{due}{by}: {_holder(run)}{attempt}"


def _waits(each: Explained, _explanation: Explanation) -> str:
    run, due = each.open, each.known.due
    name = f"#{run.id}" if run is not None else "its run"
    begins = f"was due at {instant(due)}, and {name} " if due is not None else f"has {name}, which "
    if run is not None and run.attempt > 1:
        until = next((one.until for one in each.known.hindrances if one.until is not None), None)
        again = f"is tried again at {instant(until)}" if until is not None else "is about to be tried again"
        most = max(run.attempt, 1 + task_of(run).retries.attempts)
        return f"{begins}failed and {again}: attempt {run.attempt} of {most}"
    waits = " and for ".join(waits_for(one) for one in each.known.hindrances)
    return f"{begins}waits for {waits}" if waits else f"{begins}is about to start"


def _not_recorded(each: Explained, _explanation: Explanation) -> str:
    pause = f", {end(each.pause)}" if each.pause is not None else ""
    by = f"; it will be recorded together with others by {instant(each.known.recorded_by or 0)} at the latest"
    return f"did not run at {instant(each.known.due or 0)}: {each.fate.reason}{pause}{by}"


def _undecided(each: Explained, explanation: Explanation) -> str:
    stepped = explanation.alive.stepped
    looked = f"no scheduler has run since {instant(stepped)}" if stepped is not None else "no scheduler has ever run"
    then = ""
    if each.known.decision is not None:
        starts = each.known.decision.refusal is None
        then = "; now it would be started" if starts else f"; now it would not be started: {each.fate.reason}"
    return f"was due at {instant(each.known.due or 0)}, and has not been handled yet: {looked}{then}"


def _will_run(each: Explained, explanation: Explanation) -> str:
    due = each.known.due or 0.0
    starts = f"will start at {instant(due + each.known.delay)} because of its jitter"
    verb = "will be due at" if due > explanation.now else "was due at"
    begins = f"{verb} {instant(due)}, and {starts}" if each.known.delay else f"will run at {instant(due)}"
    unless = f"; unless {_overlap(each)}" if each.known.in_the_way is not None else ""
    missing = ""
    if is_unserved(explanation):
        missing = ", if a scheduler is running by then (none is now)"
    elif explanation.alive.serving is False:
        missing = ", if automate tick runs then (there is no daemon)"
    return f"{begins}{missing}{unless}"


def _overlap(each: Explained) -> str:
    run = f"#{each.blocking.run}" if each.blocking is not None else "its run"
    verdict = each.known.in_the_way.action if each.known.in_the_way is not None else ""
    what = {"skip": "then it is skipped", "wait": "then it waits", "replace": "that run is stopped"}.get(verdict, "")
    return f"{run} is still running, which is likely: {what}"


def _will_not_run(each: Explained, _explanation: Explanation) -> str:
    pause = f", {end(each.pause)}" if each.pause is not None else ""
    return f"will not run at {instant(each.known.due or 0)}: {each.fate.reason}{pause}"


def _no_record(each: Explained, _explanation: Explanation) -> str:
    due = instant(each.known.due or 0)
    return f"was due at {due}, and there is no record of it: the run log was rotated away, or something is wrong"


def _not_in_force(each: Explained, _explanation: Explanation) -> str:
    return f"was not in force at {instant(each.known.due or 0)}"
