"""Checks of an installation, which change nothing and run nothing of a task.

Each check is a row of CHECKS: one function that finds the facts, and one that judges them and knows nothing else.
`tasks` asks about task files, `permissions` and `storage` about where the instance is and what is kept there, `machine`
about the host, `scheduling` and `cron` about who runs due tasks. A new check is a new row.
"""

import errno
import re
from typing import NamedTuple

from automate.doctor import cron, machine, permissions, scheduling, storage, tasks
from automate.doctor.finding import WRONG, Check, Finding, Installation, Severity
from automate.errors import AutomateError, NotAllowedError

__all__ = ["CHECKS", "WRONG", "Check", "Examined", "Finding", "Installation", "Severity", "examine"]

CHECKS = (
    Check("files", "task files and settings have no faults", tasks.faults, tasks.judge_faults),
    Check("unread", "every file that looks like a task is read as one", tasks.unread, tasks.judge_unread),
    Check("needs", "this host has everything that tasks refer to", tasks.doubted, tasks.judge_doubted),
    Check("scheduler", "a scheduler runs due tasks", scheduling.scheduling, scheduling.judge_scheduling),
    Check("unit", "the systemd unit leaves running tasks alone", scheduling.served, scheduling.judge_served),
    Check("cron", "cron can run its line for the scheduler", cron.ticking, cron.judge_ticking),
    Check("twice", "no task is also in a crontab", cron.twice, cron.judge_twice),
    Check("taskdirs", "only the owner can add tasks", permissions.watched, permissions.judge_watched),
    Check("owner", "state and log are private to their owner", permissions.owned, permissions.judge_owned),
    Check("code", "no other user can change the program", permissions.code, permissions.judge_code),
    Check("room", "there is disk space, on a persistent file system", permissions.room, permissions.judge_room),
    Check("state", "the state is intact", storage.state, storage.judge_state),
    Check("runs", "each run under way has a supervisor", storage.runs, storage.judge_runs),
    Check("leftovers", "no files are left of runs that have ended", storage.leftovers, storage.judge_leftovers),
    Check("locks", "no lock is held by another program", storage.held, storage.judge_held),
    Check("log", "the run log is intact and not too large", storage.log, storage.judge_log),
    Check("outputs", "old outputs are removed", storage.outputs, storage.judge_outputs),
    Check("clock", "the clock is synchronised", machine.clock, machine.judge_clock),
    Check("host", "due times do not depend on the name of a container", machine.named, machine.judge_name),
    Check("zone", "the host's time zone is known", machine.zones, machine.judge_zones),
    Check("limits", "the limits on files and processes are high enough", machine.bounds, machine.judge_bounds),
    Check("inotify", "changes to task files are noticed", machine.seen, machine.judge_seen),
    Check("sqlite", "SQLite is new enough", machine.sqlite, machine.judge_sqlite),
)


_NOT_FOR_US = frozenset({errno.EACCES, errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP})


class Examined(NamedTuple):
    """A check with what it found."""

    check: Check
    findings: list[Finding]


def examine(installation: Installation) -> list[Examined]:
    """Make all CHECKS, in their order; one that cannot be made says so, and the others follow."""
    found: list[Examined] = []
    refused: set[str] = set()
    for check in CHECKS:
        try:
            findings = [_here(finding, installation) for finding in check.judge(check.look(installation))]
        except (OSError, AutomateError) as error:
            findings = [_not_made(error, refused)]
        found.append(Examined(check, findings))
    return found


def _not_made(error: OSError | AutomateError, refused: set[str]) -> Finding:
    """Return the finding for a check that could not be made.

    What this user may not do says nothing about the installation. Any other error is reported once, however many checks
    it prevents (`refused`).
    """
    where = str(error.filename or "") if isinstance(error, OSError) else ""
    reason = str(error.strerror or error) if isinstance(error, OSError) else str(error)
    is_ours = isinstance(error, NotAllowedError) or (isinstance(error, OSError) and error.errno in _NOT_FOR_US)
    severity: Severity = "unknown" if is_ours or reason in refused else "error"
    refused.add(reason)
    return Finding(severity, f"cannot be checked: {reason}", where)


def _here(finding: Finding, installation: Installation) -> Finding:
    """Add the program and the instance to a fix that is an automate command."""
    words = installation.instance.command()
    return finding._replace(
        fix=re.sub(r"^(sudo .*)?\bautomate\b", lambda begin: f"{begin[1] or ''}{words}", finding.fix)
    )
