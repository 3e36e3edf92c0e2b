"""Tasks with outputs that a user has not read."""

from collections.abc import Iterable, Mapping

from automate import output
from automate.catalog import Entry
from automate.paths import Instance


def unread(instance: Instance, entries: Iterable[Entry], read: Mapping[str, int]) -> dict[str, int]:
    """Count the ended runs of each task that have output which was not read; others are left out.

    `read` has the newest read run of each task. OSError if this user may not see the outputs.
    """
    counted = {entry.name: _unread(instance, entry, read.get(entry.name, 0)) for entry in entries}
    return {name: count for name, count in counted.items() if count}


def _unread(instance: Instance, entry: Entry, read: int) -> int:
    if entry.last is None or read == entry.last.id:
        return 0
    since = read if read < entry.last.id else 0  # beyond it: that was another instance, in the same place
    under_way = {run.id for run in entry.open_runs}
    return sum(run_id > since and run_id not in under_way for run_id in output.ids(instance.log, entry.name))
