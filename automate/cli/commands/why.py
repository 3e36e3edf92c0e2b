"""`automate why`: why a task ran, did not run, or will not run."""

from typing import TYPE_CHECKING, Any

import click

from automate.cli import tasks
from automate.cli.completers import complete_known
from automate.cli.json_objects import of_alive, of_fault, of_pause, of_process, of_upcoming, time
from automate.cli.moments import moment_option
from automate.cli.options import json_option, quiet_option
from automate.cli.shell import Shell, pass_shell
from automate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from automate.catalog import Catalog
    from automate.operate.advice import Advice
    from automate.operate.explanations import Explained, Explanation, Followed
    from automate.rules.verdicts import Hindrance, Holder
    from automate.state import State

__all__ = ["command"]


@click.command("why")
@click.argument("names", nargs=-1, metavar="[NAME...]", shell_complete=complete_known)
@moment_option("--at", "Explain this time, past or future: '02:00', '2026-11-21 02:00', '3h ago', 'in 2h'.", "either")
@json_option
@quiet_option
@pass_shell
def command(shell: Shell, names: tuple[str, ...], *, at: float | None, as_json: bool) -> int:
    """Explain why a task ran, did not run, or will not run, and what to do about it.

    Without --at, explains the last due time and the next. NAMEs may be globs or removed tasks; `#1423` is a run.
    Without NAME, explains all tasks that are due in the minute of --at.
    """
    if not names and at is None:
        raise UsageError("expected the NAME of a task, or --at")
    from automate.operate.explanations import explain
    from automate.operate.task_past import about

    with tasks.catalog_and_state(shell) as (catalog, state):
        if names or at is None:
            asked = about(shell.instance, catalog, state, names, at)
        else:
            asked = _due_in_minute(shell, catalog, state, at)
        found = explain(shell.instance, catalog, state, asked, shell.now)
    tasks.tell(shell, catalog.settings_faults)
    _write(shell, found, as_json=as_json)
    if not found:
        shell.say("no task is due in this minute")
    return 0


def _due_in_minute(
    shell: Shell, catalog: "Catalog", state: "State | None", at: float
) -> "list[tuple[str, float | None]]":
    """Return the tasks that are due in the minute of an instant, each with its due time."""
    from automate.operate.task_past import names, subjects
    from automate.rules.verdicts import last_due

    begin = at // 60 * 60
    everyone = subjects(catalog, state, names(shell.instance, catalog, state, ["*"]), shell.now)
    dues = {name: last_due(subject.in_force, begin + 59) for name, subject in everyone.items()}
    return [(name, due) for name, due in dues.items() if due is not None and due >= begin]


def _write(shell: Shell, found: "Sequence[Explanation]", *, as_json: bool) -> None:
    from automate.operate.advice import advice

    options = shell.instance.options()
    if as_json:
        shell.write_json([_object(each, advice(each), options) for each in found])
        return
    from automate.render.why import text

    shell.write("\n".join(text(each, advice(each), options, shell.screen) for each in found))


def _object(explanation: "Explanation", todo: "Sequence[Advice]", options: "Sequence[str]") -> dict[str, Any]:
    from automate.render.why_sentences import sentence

    subject = explanation.subject
    return {
        "task": subject.name,
        "file": subject.entry.path if subject.entry is not None else None,
        "at": time(explanation.at),
        "is_due": explanation.is_due,
        "answer": sentence(explanation, None),
        "told": [_told(each, explanation) for each in explanation.told],
        "previous_due": of_upcoming(explanation.previous) if explanation.previous else None,
        "next_due": of_upcoming(explanation.next) if explanation.next else None,
        "runs_next": of_upcoming(explanation.runs_next) if explanation.runs_next else None,
        "besides": explanation.besides,
        "follows": [_followed(each) for each in explanation.follows],
        "pauses": [of_pause(pause) for pause in explanation.pauses],
        "faults": [of_fault(fault) for fault in subject.faults],
        "changed": subject.is_changed,
        "removed": subject.is_removed,
        "left_behind": [of_process(process) for process in explanation.left_behind],
        "scheduler": of_alive(explanation.alive),
        "todo": [{"what": each.what, "command": each.line(options)} for each in todo],
    }


def _told(each: "Explained", explanation: "Explanation") -> dict[str, Any]:
    from automate.render.why_sentences import sentence

    known, fate = each.known, each.fate
    return {
        "sentence": sentence(explanation, each),
        "fate": fate.kind,
        "recorded_by": time(known.recorded_by) if fate.kind == "not_run" else None,
        "due": time(known.due),
        "starts": None if known.due is None else time(known.due + known.delay),
        "note": each.due.note if each.due is not None else None,
        "decided": fate.decided,
        "cause": fate.cause,
        "reason": fate.reason,
        "questions": {answer.question: answer.verdict for answer in fate.answers},
        "waits_for": [_hindrance(hindrance) for hindrance in known.hindrances],
        "run": each.run and _holder(each.run),
        "blocking": each.blocking and _holder(each.blocking),
        "gap": each.gap and {"since": time(each.gap.since), "until": time(each.gap.until)},
        "pause": each.pause and of_pause(each.pause),
        "record": known.record,
    }


def _followed(followed: "Followed") -> dict[str, Any]:
    last = followed.last
    ended = None if last is None else {"id": last.id, "outcome": last.outcome, "ended": time(last.ended)}
    return {
        "task": followed.task,
        "outcome": followed.wanted,
        "exists": followed.exists,
        "last": ended,
        "run": followed.run,
    }


def _hindrance(hindrance: "Hindrance") -> dict[str, Any]:
    return {
        "cause": hindrance.cause,
        "lock": hindrance.lock,
        "max_running": hindrance.limit,
        "lacking": hindrance.lacking,
        "until": time(hindrance.until),
        "held_by": [_holder(holder) for holder in hindrance.holders],
    }


def _holder(holder: "Holder") -> dict[str, Any]:
    return holder._asdict() | {"since": time(holder.since), "program": holder.program or None}
