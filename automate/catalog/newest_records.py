"""The newest records of tasks, whole: the state keeps them in short only."""

from collections.abc import Sequence
from itertools import islice

from automate.catalog.entry import Entry
from automate.paths import Instance
from automate.run import Record
from automate.runlog import newest_first

_FEW = 6  # names for which the log is searched at once; for more, every line of it is read


def newest_records(instance: Instance, entries: Sequence[Entry]) -> dict[str, Record]:
    """Return the newest records by task.

    The run log is read from its end until all are found; a record that was rotated away is left out.
    """
    names = {entry.last.id: entry.name for entry in entries if entry.last}
    tasks = [*names.values()] if len(names) <= _FEW else None
    found = newest_first(instance, tasks=tasks, accept=lambda record: names.get(record.id) == record.task)
    return {record.task: record for record in islice(found, len(names))}
