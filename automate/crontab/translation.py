"""Translation of a crontab's job to the keys of a task file that mean the same, with notes on what does not.

What cron gives a job is written out where a task would get something else: PATH and SHELL; and that cron starts a job
while the last one still runs (`overlap: allow`) and makes up for nothing (`missed: skip`).
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from automate.crontab import Job, naming, percent
from automate.units import Duration

PATH, SHELL = "/usr/bin:/bin", "/bin/sh"
"""The values that cron gives a job whose crontab sets none (crontab(5))."""

_NOT_FOR_JOBS = {"CRON_TZ", "RANDOM_DELAY", "LOGNAME"}
_ANACRONS = {"START_HOURS_RANGE"}
_MAIL = ("MAILTO", "MAILFROM")
_LONGEST = 4000  # bytes of a description
_ORDER = (
    "description", "command", "shell", "schedule", "timezone", "enabled", "user", "cwd", "env", "stdin", "jitter",
    "timeout", "kill_after", "nice", "ionice", "overlap", "missed", "condition",
)  # fmt: skip


class Translation(NamedTuple):
    """`keys` are those of a task file, in the order in which a person would write them."""

    name: str
    keys: dict[str, Any]
    notes: tuple[str, ...]


def translated(job: Job) -> Translation:
    """Translate a job to the task that does what cron would have done."""
    command, stdin = percent.split(job.command) if not job.name else (job.command, None)
    not_given = _NOT_FOR_JOBS | (_ANACRONS if job.name else set())
    variables = {name: value for name, value in job.variables.items() if name not in not_given}
    keys: dict[str, Any] = {
        "command": _trimmed(command),
        "schedule": job.schedule,
        "env": {"PATH": PATH, "SHELL": SHELL} | variables,
        "overlap": "allow",
        "missed": "skip",
        **_delay(job.variables),
    }
    if job.description:
        keys["description"] = job.description.encode()[:_LONGEST].decode(errors="ignore")
    if keys["env"]["SHELL"] != SHELL:
        keys["shell"] = keys["env"]["SHELL"]
    if "HOME" in variables:
        keys["cwd"] = variables["HOME"]
    if zone := job.variables.get("CRON_TZ"):
        keys["timezone"] = zone
    if stdin:
        keys["stdin"] = stdin
    if job.user is not None:
        keys["user"] = job.user
    if not job.enabled:
        keys["enabled"] = False
    keys |= job.keys
    name = naming.named(job.name) or naming.name_of(command)
    return Translation(name, ordered(keys), (*job.notes, *_notes(job, command)))


def _trimmed(command: str) -> str:
    """Drop the blanks at the end, which mean nothing to a shell unless a backslash escapes the first of them."""
    text = command.rstrip(" \t")
    is_escaped = (len(text) - len(text.rstrip("\\"))) % 2 == 1
    return command[: len(text) + 1] if is_escaped else text


def ordered(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Order keys as a person would write them."""
    return {key: keys[key] for key in sorted(keys, key=_ORDER.index)}


def _delay(variables: Mapping[str, str]) -> dict[str, Duration]:
    minutes = variables.get("RANDOM_DELAY", "")
    return {"jitter": Duration(int(minutes) * 60)} if minutes.isdecimal() and 0 < int(minutes) < 10**6 else {}


def _notes(job: Job, command: str) -> list[str]:
    """Note what has no equivalent, or means something else here."""
    variables = job.variables
    notes = [
        f"{name}={variables[name]}: no mail is sent; `log` shows the output" for name in _MAIL if variables.get(name)
    ]
    if "LOGNAME" in variables:
        notes.append("LOGNAME: ignored, as by cron")
    if "CRON_TZ" in variables:
        notes.append("CRON_TZ became `timezone`, as cronie reads it; Debian's cron ignores it")
    if variables.get("RANDOM_DELAY", "0") != "0" and not job.name:
        notes.append("RANDOM_DELAY became `jitter`: always the same delay; Debian's cron ignores it")
    if not job.name and percent.is_doubtful(job.command):
        notes.append(r"`\\` became `\`, as Debian's cron reads it; cronie keeps both")
    if not job.name and percent.breaks_a_quote(job.command):
        notes.append(r"the first `%` ends the command, although it stands in quotes: write `\%` in a crontab")
    if re.search(r"\brun-parts\b", command):
        notes.append("run-parts stays one task: it runs the scripts of its directory one after another")
    if "$" in variables.get("PATH", ""):
        notes.append("PATH contains `$`, which neither cron nor automate expands")
    return notes
