"""`automate audit`: the proof that every due time has its one record."""

from typing import TYPE_CHECKING

import click

from automate.cli.moments import moment_option
from automate.cli.options import reading
from automate.cli.shell import Shell, pass_shell
from automate.render import table, when
from automate.render.runs import passed_over
from automate.units import counted

if TYPE_CHECKING:
    from automate.operate.audit import Audit

HEADERS = ("TASK", "DUE", "WRONG")
_MOMENT = 1e-6  # seconds
_NAMED = 3  # tasks, where the rest is only counted


@click.command("audit")
@moment_option("--since", "Start with due times at or after WHEN: '2h ago', yesterday, '2026-11-21 14:30'.", "past")
@moment_option("--until", "End before WHEN.", "past")
@reading
@pass_shell
def command(shell: Shell, *, since: float | None, until: float | None, as_json: bool, header: bool) -> int:
    """Prove that every due time has exactly one record: a run, or the reason why there was none.

    Compares the schedules that were in force, as kept in the state, with the run log. Due times with no record or more
    than one are listed, and the exit status is 1. The default period is all that is known.
    """
    from automate.cli.tasks import opened
    from automate.operate.audit import audit

    with opened(shell) as (_, state):
        found = audit(
            shell.instance,
            state,
            None if since is None else since - _MOMENT,
            shell.now if until is None else min(shell.now, until - _MOMENT),
        )
    if as_json:
        _write_json(shell, found)
    elif found.wrong:
        shell.write(_table(shell, found, header=header))
    _talk(shell, found, since)
    return 1 if found.wrong else 0


def _table(shell: Shell, found: "Audit", *, header: bool) -> str:
    cells = [(task, _dues(each.first, each.due, each.number), each.what) for task, each in found.wrong]
    return table(cells, HEADERS, shell.screen, header=header)


def _dues(first: int, due: int, number: int) -> str:
    last = when(due, seconds=True)
    return last if number == 1 else f"{when(first, seconds=True)} to {last} ({number})"


def _talk(shell: Shell, found: "Audit", since: float | None) -> None:
    window = f"from {_when(found.since)} to {_when(found.until)}"
    wrong = sum(each.number for _, each in found.wrong)
    verdict = "1 discrepancy" if wrong == 1 else f"{wrong} discrepancies" if wrong else "each has one record"
    tasks = f"{counted(found.tasks, 'task')} {window}"
    if found.due_times or wrong:
        shell.say(f"{counted(found.due_times, 'due time')} of {tasks}: {verdict}")
    else:
        shell.say(f"{tasks}: nothing was due")
    if found.under_way:
        shell.say(f"{counted(found.under_way, 'run')} of these {'is' if found.under_way == 1 else 'are'} under way")
    if found.undecided:
        shell.say(f"{counted(found.undecided, 'due time')} not handled yet: no scheduler has run since")
    if found.deferred:
        shell.say(
            f"{counted(found.deferred, 'due time')} refused; one record for several of them follows within the hour"
        )
    if found.earliest_record is not None:
        shell.say(f"nothing can be proved before {_when(found.earliest_record)}: older records were rotated away")
    later = [task for task, first in found.first_in_force.items() if since is not None and first > since]
    if later:
        more = f" and {len(later) - _NAMED} more" if len(later) > _NAMED else ""
        shell.say(f"known for part of this period only: {', '.join(later[:_NAMED])}{more}; --json shows since when")
    for path, number in found.passed_over.items():
        shell.say(passed_over(path, number))


def _write_json(shell: Shell, found: "Audit") -> None:
    from automate.cli.json_objects import time

    document = found._asdict() | {
        "since": time(found.since),
        "until": time(found.until),
        "wrong": [
            {
                "task": task,
                "due": time(each.due),
                "first_due": time(each.first),
                "count": each.number,
                "fault": each.fault,
                "what": each.what,
                "runs": [*each.ids],
            }
            for task, each in found.wrong
        ],
        "earliest_record": time(found.earliest_record),
        "first_in_force": {task: time(first) for task, first in found.first_in_force.items()},
    }
    shell.write_json(document)


def _when(seconds: float) -> str:
    return when(seconds, seconds=True)
