"""Translation of a crontab's job to the keys of a task file that mean the same, with notes on what does not.

What cron gives a job is written out where a task would get something else: PATH and SHELL; and that cron starts a job
while the last one still runs (`overlap: allow`) and makes up for nothing (`missed: skip`).
"""

import re
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from automate.crontab import Job, naming, percent
from automate.crontab.lines import RANGE
from automate.units import Duration

PATH, SHELL = "/usr/bin:/bin", "/bin/sh"
"""The values that cron gives a job whose crontab sets none (crontab(5))."""

_NOT_FOR_JOBS = {"CRON_TZ", "RANDOM_DELAY", "LOGNAME"}
_EVERY_TASKS = ("LANG", "C.UTF-8")
_WORD = r"""(?:[\w@%+=:,./-]|'[^']*'|"'")+"""  # as shlex.quote writes it: nothing that a shell would expand
_PAIR = rf"[A-Za-z_]\w*={_WORD}"
_encoded = re.compile(rf'eval "\$\(printf %b (?P<text>{_WORD})\)"').fullmatch
_exports = re.compile(rf"export (?P<pairs>{_PAIR}(?: {_PAIR})*); ").match
_goes_to = re.compile(rf'cd (?P<home>"\$HOME"/)?(?P<path>{_WORD}) \|\| exit; ').match
_SHELLS_OWN = {"ENV", "IFS", "PWD"}  # a shell does not take them from its environment, or does something else then
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
    line, stdin = percent.split(job.command) if not job.name else (job.command, None)
    command, exported, cwd = _as_exported(line)
    not_given = _NOT_FOR_JOBS | ({RANGE} if job.name else set())
    variables = {name: value for name, value in job.variables.items() if name not in not_given}
    by_cron = {"PATH": PATH, "SHELL": SHELL} | variables
    keys: dict[str, Any] = {
        "command": command,
        "schedule": job.schedule,
        "env": {name: value for name, value in by_cron.items() if (name, value) != _EVERY_TASKS} | exported,
        "overlap": "allow",
        "missed": "skip",
        **_delay(job.variables),
    }
    if job.description:
        keys["description"] = job.description.encode()[:_LONGEST].decode(errors="ignore")
    if by_cron["SHELL"] != SHELL:
        keys["shell"] = by_cron["SHELL"]
    if where := cwd or variables.get("HOME"):
        keys["cwd"] = where
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


def _as_exported(line: str) -> tuple[str, dict[str, str], str]:
    """Return command, variables and directory, taken apart where `export crontab` has put them in one line."""
    if encoded := _encoded(line):
        line = percent.decoded(shlex.split(encoded["text"])[0])
    exports = _exports(line)
    env = dict(word.partition("=")[::2] for word in shlex.split(exports["pairs"])) if exports else {}
    if _SHELLS_OWN & env.keys() or any(name.startswith("AUTOMATE_") for name in env):
        return line, {}, ""
    line = line[exports.end() :] if exports else line
    goes_to = _goes_to(line)
    if goes_to is None:
        return line, env, ""
    path = ("~/" if goes_to["home"] else "") + shlex.split(goes_to["path"])[0]
    return (line[goes_to.end() :], env, path) if path.startswith(("/", "~/")) else (line, env, "")


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
    if (delay := variables.get("RANDOM_DELAY", "0")) != "0" and not job.name:
        became = "became `jitter`: always the same delay; Debian's cron ignores it"
        notes.append(
            f"RANDOM_DELAY {became}" if _delay(variables) else f"RANDOM_DELAY={delay}: not a number of minutes"
        )
    if RANGE in variables and not job.name:
        notes.append(f"{RANGE}: only anacron obeys it; cron gives it to the command")
    if not job.name and percent.is_doubtful(job.command):
        notes.append(r"`\\` became `\`, as Debian's cron reads it; cronie keeps both")
    if not job.name and (stdin := percent.split(job.command)[1]) is not None:
        where = ", although it stands in quotes" if percent.breaks_a_quote(job.command) else ""
        rest = "the rest became `stdin`" if stdin else "nothing follows it"
        notes.append(rf"the first `%` ends the command{where}, and {rest}; for a plain `%`, cron wants `\%`")
    if re.search(r"\brun-parts\b", command):
        notes.append("run-parts stays one task: it runs the scripts of its directory one after another")
    if "$" in variables.get("PATH", ""):
        notes.append("PATH contains `$`, which neither cron nor automate expands")
    return notes
