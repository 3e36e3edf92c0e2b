"""Completions for the words of a command line, for `shell_complete=`.

They are computed while somebody types: nothing is changed, created or repaired, no lock is waited for, and what cannot
be read is left out.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from automate.errors import AutomateError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

    from automate.catalog import Catalog
    from automate.cli.shell import Shell
    from automate.state import OpenRun, State
    from automate.state.parsed import Brief

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

_RECENT = 50
_LOOKED_AT = 500  # records, among which the recent runs are looked for
_PATIENCE = 0.05  # seconds that a locked state is waited for
_FEW = 50  # files not in the cache that are read while the user waits for a completion


def among(*words: str) -> "Complete":
    """Complete one of these words."""
    return lambda _context, _parameter, incomplete: _items(dict.fromkeys(words, ""), incomplete)


def complete_tasks(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks that do not stand in the line yet."""
    with _looking(context) as (catalog, _):
        return _tasks(context, catalog, incomplete)


def complete_known(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks, and behind them those that are gone, as far as anything is on record of them."""
    with _looking(context) as (catalog, state):
        return _known(context, catalog, state, incomplete)


def complete_own(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks whose files are the administrator's, and no package's."""
    with _looking(context) as (catalog, _):
        own = catalog.task_dirs[0]
        return _tasks(context, catalog, incomplete, lambda name: os.path.dirname(catalog.found(name).path) == own)


def complete_switched(*, enabled: bool) -> "Complete":
    """Tasks that are enabled, or disabled; those of which it is not known too."""

    def complete(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
        with _looking(context) as (catalog, _):
            briefs = catalog.briefs(_begun(catalog, incomplete), most=_FEW)
            return _tasks(
                context, catalog, incomplete, lambda name: name not in briefs or bool(briefs[name].enabled) == enabled
            )

    return complete


def complete_edited(context: "click.Context", parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks; with --undo or --versions those that were edited, removed ones too."""
    if not (context.params.get("undo") or context.params.get("versions")):
        return complete_tasks(context, parameter, incomplete)
    from automate.operate.versions import names

    with _looking(context):
        return _items(dict.fromkeys(names(_shell(context).instance), ""), incomplete, _given(context))


def complete_paused(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks that are paused by themselves: without names, the pause of all is meant."""
    from automate.render.figures import terms

    with _looking(context) as (catalog, _):
        pauses = {name: f"paused {terms(pause)}" for name, pause in catalog.pauses.items() if name}
        return _items(pauses, incomplete, _given(context))


def complete_running(
    context: "click.Context", _parameter: "click.Parameter", incomplete: str
) -> "list[CompletionItem]":
    """Tasks that run, and the ids of these runs. Without the #, which is a comment's beginning in a shell."""
    with _looking(context) as (_, state):
        runs = _open(state)
    names = {run.task: f"#{run.id} {_doing(run)}" for run in runs}
    ids = {str(run.id): f"{run.task} {_doing(run)}" for run in runs}
    return _items(names | ids, incomplete, _given(context))


def complete_runs(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
    """Tasks, and the ids of recent runs that were started, newest first."""
    with _looking(context) as (catalog, state):
        names = _known(context, catalog, state, incomplete)
        if not f"0{incomplete.removeprefix('#')}".isdecimal():
            return names
        ids = {str(run.id): f"{run.task} {_doing(run)}" for run in reversed(_open(state))}
    return names + _items(ids | _recorded(_shell(context)), incomplete)


def _recorded(shell: "Shell") -> dict[str, str]:
    """Describe recent runs, by id."""
    from automate.outcomes import RAN
    from automate.render import when
    from automate.run import instant_of
    from automate.runlog import newest_first

    records = islice(newest_first(shell.instance), _LOOKED_AT)
    started = (record for record in records if record.outcome in RAN or record.outcome == "error")
    return {
        str(record.id): f"{record.task} {record.outcome} {when(instant_of(record))}"
        for record in islice(started, _RECENT)
    }


def complete_of(words_of: "Callable[[Brief], Iterable[str]]") -> "Complete":
    """Words that the tasks there are have of something."""

    def complete(context: "click.Context", _parameter: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
        with _looking(context) as (catalog, _):
            briefs = catalog.briefs(catalog.names(), most=_FEW)
        words = sorted({word for brief in briefs.values() for word in words_of(brief)})
        before = "".join(incomplete.rpartition(",")[:2])
        return _items({before + word: "" for word in words}, incomplete)

    return complete


complete_labels = complete_of(lambda brief: brief.labels.split())
complete_categories = complete_of(lambda brief: brief.category.split())
complete_durations = among("5m", "15m", "30m", "1h", "2h", "8h", "1d")
complete_moments = among("now", "today", "yesterday", "tomorrow", "monday", "1h ago", "1d ago", "in 1h")
complete_schedules = among(
    "every 5 minutes", "every 15 minutes", "every 2 hours", "hourly", "daily at 02:00", "weekdays at 9:00",
    "mon, thu at 18:30", "monthly on the 1st at 04:00", "last day of the month at 23:00", "@hourly", "@daily",
    "@weekly", "@monthly", "@yearly", "@reboot", "manual",
)  # fmt: skip


def by_shell(kind: str) -> "Complete":
    """Leave it to the shell, which completes a `file` or a `dir` (directory)."""
    return lambda _context, _parameter, incomplete: [_item(incomplete, type=kind)]


complete_directories, complete_files = by_shell("dir"), by_shell("file")


def complete_zones(_context: Any, _parameter: Any, incomplete: str) -> "list[CompletionItem]":
    """Time zones."""
    from zoneinfo import available_timezones

    return _items(dict.fromkeys(sorted(available_timezones()), ""), incomplete)


def complete_users(_context: Any, _parameter: Any, incomplete: str) -> "list[CompletionItem]":
    """Users of this host."""
    import pwd

    return _items({user.pw_name: user.pw_gecos.partition(",")[0] for user in pwd.getpwall()}, incomplete)


def complete_keys(_context: Any, _parameter: Any, incomplete: str) -> "list[CompletionItem]":
    """Complete the keys of a task; after a dot, those within a mapping."""
    return _items(_keys(incomplete), incomplete)


def complete_assignments(context: Any, parameter: Any, incomplete: str) -> "list[CompletionItem]":
    """`KEY=`, and behind it the words that the key knows."""
    key, sign, typed = incomplete.partition("=")
    if not sign:
        return _items({f"{name}=": text for name, text in _keys(incomplete).items()}, incomplete)
    about = _schema(key)
    words = ["true", "false"] if about.get("type") == "boolean" else about.get("enum", [])
    complete = _OF_KEYS.get(key) or among(*words)
    return [_item(f"{key}={item.value}", help=item.help) for item in complete(context, parameter, typed)]


_OF_KEYS: "dict[str, Complete]" = {
    "after": complete_tasks,
    "category": complete_categories,
    "schedule": complete_schedules,
    "timezone": complete_zones,
    "timeout": complete_durations,
    "user": complete_users,
}


def _keys(incomplete: str) -> dict[str, str]:
    """Return keys and their descriptions."""
    first, dot, _ = incomplete.partition(".")
    within = _schema(first if dot else "").get("properties", {})
    return {f"{first}.{name}" if dot else name: about.get("description", "") for name, about in within.items()}


def _schema(key: str) -> dict[str, Any]:
    """Return the schema of a task or of one of its keys; that of the mapping if the key may be one."""
    from automate.taskfile import keys

    schema: dict[str, Any] = keys.task.schema
    for name in key.split(".") if key else ():
        schema = schema.get("properties", {}).get(name, {})
        schema = next((each for each in schema.get("anyOf", ()) if "properties" in each), schema)
    return schema


def _shell(context: "click.Context") -> "Shell":
    shell: Shell = context.obj
    return shell


@contextmanager
def _looking(context: "click.Context") -> "Iterator[tuple[Catalog, State | None]]":
    """Open the catalog and the state; None if there is no state or it cannot be read now."""
    from automate.catalog import Catalog
    from automate.cli.tasks import owner
    from automate.state.opening import open_as_it_is
    from automate.trust import ForeignError

    shell, state = _shell(context), None
    try:
        state = open_as_it_is(shell.instance, patience=_PATIENCE)
    except ForeignError:
        raise
    except (AutomateError, OSError):
        pass
    try:
        yield Catalog(shell.instance, state, owner=owner(), now=shell.now), state
    finally:
        if state is not None:
            state.close()


def _tasks(
    context: "click.Context", catalog: "Catalog", incomplete: str, wanted: Callable[[str], bool] = lambda _name: True
) -> "list[CompletionItem]":
    """Complete task names, with descriptions that are known without reading a file."""
    names = [name for name in _begun(catalog, incomplete) if wanted(name)]
    briefs = catalog.briefs(names, most=0)
    about = {name: briefs[name].description or briefs[name].schedule if name in briefs else "" for name in names}
    return _items(about, incomplete, _given(context))


def _known(
    context: "click.Context", catalog: "Catalog", state: "State | None", incomplete: str
) -> "list[CompletionItem]":
    from automate.state.last_runs import last_runs

    gone: Iterable[str] = ()
    with suppress(AutomateError):
        gone = sorted(last_runs(state).keys() - set(catalog.names())) if state else ()
    return _tasks(context, catalog, incomplete) + _items(dict.fromkeys(gone, "removed"), incomplete, _given(context))


def _begun(catalog: "Catalog", incomplete: str) -> list[str]:
    return [name for name in catalog.names() if name.startswith(incomplete)]


def _given(context: "click.Context") -> frozenset[str]:
    return frozenset(context.params.get("names") or ())


def _open(state: "State | None") -> "list[OpenRun]":
    """Oldest first."""
    from automate.state.runs import open_runs

    with suppress(AutomateError):
        return [run for run in open_runs(state) if run.phase != "unrecorded"] if state else []
    return []


def _doing(run: "OpenRun") -> str:
    return "running" if run.phase == "running" else "waiting"


def _items(words: Mapping[str, str], incomplete: str, given: frozenset[str] = frozenset()) -> "list[CompletionItem]":
    """Complete words that begin like `incomplete`, numbers also after a #, with their help."""
    begun = incomplete.removeprefix("#")
    return [_item(word, help=text) for word, text in words.items() if word.startswith(begun) and word not in given]


def _item(text: str, *, type: str = "plain", help: str | None = None) -> "CompletionItem":  # noqa: A002 - click's words
    from click.shell_completion import CompletionItem

    return CompletionItem(text, type, help)
