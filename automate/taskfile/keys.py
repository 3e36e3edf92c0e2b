"""The keys of a task file and of the settings: what each is for and how it is read. The schema and the man page use it.

The values end in the structs of task.py; the tests hold keys and fields together.
"""

import re
from typing import Any, get_args

from automate.errors import shown
from automate.outcomes import Outcome
from automate.settings import HOST
from automate.taskfile.finding import NAME
from automate.taskfile.nodes import Mapping, Node
from automate.taskfile.readers import BAD, Key, Reader, Sheet, array, either, listed, mapping, named, optional, unknown
from automate.taskfile.scalars import boolean, choice, duration, matching, number, octal, size, text, whole

_env_name = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_RESERVED = "AUTOMATE_"
_CALENDAR = r"[a-z][a-z0-9._-]{0,63}"
_LINE = 4096


def _wrong_env_name(name: str) -> str | None:
    if name.startswith(_RESERVED):
        return f"names that begin with {_RESERVED} are set by automate"
    return None if _env_name(name) else "expected a name of letters, digits and _, not beginning with a digit"


def _regex(pattern: str) -> None:
    import warnings

    try:
        with warnings.catch_warnings(action="error"):
            re.compile(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        raise ValueError(f"expected stderr, or a regular expression: {error}") from None


def _count_or(keys: Reader) -> Reader:
    """`retries: 3` is `retries: {attempts: 3}`."""
    count = whole(0, 1000)
    one = Reader(lambda *given: _only("attempts", count.take(*given)), count.schema)
    return either(one, keys)


def _only(name: str, value: object) -> object:
    return {name: value} if isinstance(value, int) else value


def _task_name(name: str) -> str | None:
    return None if re.fullmatch(NAME, name) else f"expected the name of a task, got {shown(name)}"


def _calendar_name(name: str) -> str | None:
    if not re.fullmatch(_CALENDAR, name):
        return f"expected a name that begins with a letter, got {shown(name)}"
    from automate.errors import ScheduleError
    from automate.schedule.exception_texts import read

    try:
        is_taken = any(text.rules for text in read((name,), {name: ()}))
    except ScheduleError:
        is_taken = True
    return "means something else in `except`: expected another name" if is_taken else None


def _calendar_days(written: str) -> None:
    from automate.schedule.exception_texts import read_calendar

    read_calendar((written,))


def _followed(names: Reader, outcomes: Reader) -> Reader:
    """`after: a` and `after: [a]` are `after: {a: success}`; gives pairs."""

    def take(node: Node, key: str, sheet: Sheet) -> Any:
        is_mapping = isinstance(node, Mapping)
        value = (outcomes if is_mapping else names).take(node, key, sheet)
        if value is BAD:
            return BAD
        return tuple(value.items()) if is_mapping else tuple((name, "success") for name in value)

    return Reader(take, {"anyOf": [*names.schema["anyOf"], outcomes.schema]})


_argv = array(text("text", blank=True), at_least=1, at_most=4096, repeats=True)
_command = either(text("the text of a command"), _argv)
_line = text(longest=_LINE)
_words = listed(matching(r"[^\s,]{1,64}", "words without spaces or commas"))
_path = matching(r"[/~][^\u0000-\u001f\u007f]*", "a path that begins with / or ~")
_paths = listed(_path, at_most=100)
_account = matching(r"[^\s:/,]{1,256}", "the name of an account")
_codes = listed(whole(0, 255), at_most=256)
_moment = optional(text("a date or a date and time, such as 2027-01-01 or 2027-01-01 06:00", longest=64))
_positive = whole(1, 2**31 - 1)

RETRIES = {
    "attempts": Key("The maximum number of retries.", whole(0, 1000)),
    "delay": Key("The wait before the first retry.", duration()),
    "backoff": Key("The factor by which the wait grows from one retry to the next.", number(1, 100)),
    "max_delay": Key("The longest wait.", duration()),
    "on_exit": Key("Retry only after these exit statuses; after any failure if empty.", _codes),
}
EXIT_CODES = {
    "success": Key("Exit statuses that mean success.", _codes),
    "warning": Key("Exit statuses that mean success with a warning.", _codes),
    "skipped": Key("Exit statuses that mean that there was nothing to do.", _codes),
}
OUTPUT = {
    "max_size": Key("How much of the output of one run is kept: its beginning and end.", size),
    "keep_runs": Key("The number of runs whose output is kept.", whole(0, 1_000_000)),
    "keep_days": Key("The number of days for which output is kept.", whole(0, 36_500)),
    "on_full": Key("If output cannot be written: fail (the command sees it) or discard.", choice("fail", "discard")),
}
LIMITS = {
    "memory": Key("The maximum address space of each process.", optional(size)),
    "cpu_time": Key("The maximum processor time of each process.", optional(duration(above_zero=True))),
    "open_files": Key("The maximum number of open files of each process.", optional(_positive)),
    "processes": Key("The maximum number of processes of the command's user.", optional(_positive)),
}

TASK = {
    "description": Key("What the task does, for people.", _line),
    "documentation": Key("Where to read more about the task: text or a URL.", _line),
    "category": Key("A word to group tasks by.", matching(r"[^\s,]{1,64}", "one word")),
    "labels": Key("Words to find tasks by: one, or a list.", _words),
    "command": Key("The command to run: text is passed to the shell, a list is executed without a shell.", _command),
    "shell": Key("The program that runs a command that is text.", _path),
    "schedule": Key(
        "When the task is due: a schedule, or a list of schedules.", listed(_line, at_least=1, at_most=100)
    ),
    "timezone": Key(
        "The time zone of the schedule, by its IANA name. The default is the host's.",
        optional(matching(r"[A-Za-z0-9_+/-]{1,64}", "a time zone such as Europe/Berlin")),
    ),
    "starting": Key("The task is not due before this date or instant.", _moment),
    "ending": Key("The task is not due after this date or instant.", _moment),
    "except": Key(
        "Skip due times that match: dates, days of the week, times of day, calendars from the settings.",
        listed(text("a date, a day of the week, 22:00-06:00 or a calendar of the settings", longest=256), at_most=100),
    ),
    "enabled": Key("Whether the task runs on schedule and after other tasks.", boolean),
    "manual": Key("Whether the task can be run by hand.", choice("always", "when-enabled", "never")),
    "user": Key("The user to run the command as. The default is the user of the instance.", optional(_account)),
    "group": Key("The group to run the command as. The default is the user's.", optional(_account)),
    "cwd": Key("The directory to start the command in. The default is the user's home.", optional(_path)),
    "umask": Key("The file mode creation mask, in octal.", octal),
    "env": Key(
        "Variables for the command's environment.",
        named(_wrong_env_name, text("text", blank=True), f"^(?!{_RESERVED})[A-Za-z_][A-Za-z0-9_]*$"),
    ),
    "env_file": Key("Files with NAME=VALUE lines for the environment, for example with passwords.", _paths),
    "stdin": Key("Text that the command reads from standard input.", optional(text(blank=True))),
    "timeout": Key("How long an attempt may take before it gets SIGTERM.", optional(duration(above_zero=True))),
    "kill_after": Key("How long to wait after SIGTERM before sending SIGKILL.", duration()),
    "retries": Key("Retries after a failure: a count, or a mapping.", _count_or(mapping(RETRIES))),
    "overlap": Key(
        "What to do about a new run while the task is still running.",
        choice("skip", "queue", "replace", "allow"),
    ),
    "missed": Key(
        "What to do about due times that passed while no scheduler was running: run none, one or all of them.",
        choice("skip", "once", "all"),
    ),
    "missed_within": Key(
        "Never run a due time that was missed longer ago than this.", optional(duration(above_zero=True))
    ),
    "remove_when_done": Key("Whether the task is removed once it has run and is not due again.", boolean),
    "jitter": Key("Delay the start by up to this long, always the same for this host and task.", duration()),
    "condition": Key(
        "A command to run first. If its exit status is not 0, the run is skipped.",
        optional(_command),
    ),
    "after": Key(
        "Run the task when one of these has succeeded: a task, a list, or a mapping of tasks to outcomes.",
        _followed(
            listed(matching(NAME, "the name of a task")),
            named(_task_name, choice(*get_args(Outcome)), f"^(?:{NAME})$"),
        ),
    ),
    "locks": Key(
        "Names of locks; tasks that share one do not run at the same time. At most four.",
        listed(matching(NAME, "a name"), at_most=4),
    ),
    "exit_codes": Key("What the exit statuses of the command mean; all others mean failure.", mapping(EXIT_CODES)),
    "warn_on": Key(
        "What makes a success a warning: stderr (any output there), or a regular expression found in the output.",
        optional(matching(r"[\s\S]{1,1000}", "stderr, or a regular expression", _regex)),
    ),
    "output": Key("How much output is kept, for how long, and what happens if the disk is full.", mapping(OUTPUT)),
    "nice": Key("The niceness of the command; 19 is the lowest priority.", optional(whole(-20, 19))),
    "ionice": Key(
        "The I/O scheduling class of the command: idle, best-effort:0 to 7, or realtime:0 to 7.",
        optional(
            matching(
                r"idle|best-effort(:[0-7])?|realtime:[0-7]", "idle, best-effort, best-effort:0 to 7 or realtime:0 to 7"
            )
        ),
    ),
    "limits": Key("Resource limits of the command; see setrlimit(2).", mapping(LIMITS)),
}
MAPPINGS = {"env", "retries", "output", "limits", "exit_codes"}  # of these, `defaults` and a task's own are merged

NOT_YET = {"notify": "who is told of its end"}
SETTINGS_NOT_YET = {"notify": "who is told how runs end"}
_MEANT = {
    "command": "args cmd exec execstart exe job program run script steps",
    "schedule": "at cron crontab cronexpression every expression frequency hour interval minute on onbootsec "
    "oncalendar onstartupsec onunitactivesec period scheduleinterval specialtime time timer trigger weekday",
    "did you mean schedule, or condition?": "when",
    "cwd": "chdir dir directory path workdir workingdir workingdirectory",
    "env": "environment vars variables",
    "env_file": "environmentfile envfiles secrets",
    "labels": "label tag tags",
    "category": "kind type",
    "description": "comment desc summary title",
    "documentation": "docs doc link url",
    "timezone": "crontz tz utc zone",
    "starting": "from notbefore since startdate startsat",
    "ending": "enddate endsat notafter to until",
    "except": "blackout calendar calendars exclude exclusions holidays skipdates",
    "enabled": "active disable disabled paused state suspend suspended",
    "user": "becomeuser owner runas username",
    "timeout": "activedeadlineseconds deadline executiontimeout maxruntime runtimemaxsec timelimit timeoutminutes "
    "timeoutsec timeoutseconds timeoutstartsec",
    "kill_after": "grace graceperiod killtimeout stoptimeout terminationgraceperiodseconds timeoutstopsec",
    "retries": "attempts backofflimit maxretries restart restartpolicy restartsec retry "
    "retrydelay retrycount retrypolicy",
    "overlap": "allowoverlap concurrency concurrencypolicy concurrent forbid maxactiveruns "
    "maxinstances parallel singleton",
    "missed": "anacron backfill catchup persistent",
    "missed_within": "misfiregracetime startingdeadlineseconds",
    "jitter": "randomdelay randomizeddelaysec splay",
    "condition": "conditionpathexists execcondition execstartpre if onlyif precondition unless",
    "after": "dependencies dependson needs requires triggeredby upstream wants",
    "locks": "flock lock lockfile mutex mutexes",
    "exit_codes": "failswhen ignoreerrors continueonerror successexitstatus",
    "output": "capturestderr capturestdout failedjobshistorylimit log logfile logs savelimit stderr stdout "
    "successfuljobshistorylimit",
    "stdin": "input standardinput",
    "nice": "cpuweight priority",
    "ionice": "ioschedulingclass ioweight",
    "limits": "cpulimit limitnofile memory memorylimit memorymax resources ulimit",
    "write a task of its own for that, with `after: {NAME: failed}`": "alert alerts email errors mail mailto "
    "notifications notifyonerror notifyonfailure notifyonsuccess onerror onfailure onpermanentfailure report",
    "write `after: NAME` in the task that follows": "before next onsuccess requiredby then triggers",
    "the name of a task is that of its file": "id name",
    "this is a Kubernetes manifest: a task has a command and a schedule": "apiversion jobtemplate metadata spec",
    "each task has a file of its own": "jobs tasks",
}
HINTS = {word: meant for meant, words in _MEANT.items() for word in words.split()}
"""What users of cron, systemd, Kubernetes, GitHub Actions, Ansible and other schedulers call a key, without - and _."""


def wrong_key(name: str) -> str | None:
    """Return what is wrong with a name that is not a task's key; None for a key."""
    return None if name in TASK else unknown(name, TASK, HINTS)


task = mapping(TASK, not_yet=NOT_YET, hints=HINTS)
SETTINGS = {
    "defaults": Key(
        "Values for tasks that do not give their own: any key of a task except command.",
        mapping({name: key for name, key in TASK.items() if name != "command"}, not_yet=NOT_YET, hints=HINTS),
    ),
    "task_dirs": Key(
        "More directories of tasks, relative to the settings file; tasks in tasks.d override them.",
        listed(matching(r"[^~\u0000-\u001f\u007f][^\u0000-\u001f\u007f]*", "the path of a directory"), at_most=100),
    ),
    "group": Key("A group that may read the state, the run log and the output of runs.", optional(_account)),
    "calendars": Key(
        "Names for days, for use in except: dates, 2026-12-24..2027-01-01, or 12-24 for every year.",
        named(
            _calendar_name,
            listed(
                matching(r"[^,;]{1,256}", "a date such as 2026-12-24 or 12-24, or a day of the week", _calendar_days)
            ),
            f"^(?:{_CALENDAR})$",
        ),
    ),
    "host": Key(
        "The host name that H in schedules and jitter depend on.",
        optional(matching(HOST, "a name of letters, digits, dots, hyphens and underscores")),
    ),
    "max_running": Key("The maximum number of runs at the same time; others wait.", optional(_positive)),
    "log_output": Key("Whose output serve and tick copy to standard error.", choice("none", "failed", "all")),
}
settings = mapping(SETTINGS, not_yet=SETTINGS_NOT_YET)
