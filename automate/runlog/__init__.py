"""The run log, runs.jsonl: one line for each run that ended and each due time that was not run.

The JSON Lines file is touched only here. logrotate(8) may rename it at any time.
"""

from automate.runlog.appending import Position, append, position
from automate.runlog.backwards import Period
from automate.runlog.lookup import (
    Due,
    Entry,
    Reader,
    dues,
    find,
    highest_id,
    last_of_each,
    newest_first,
    newest_of,
    recent_seconds,
    recorded,
)

__all__ = [
    "Due",
    "Entry",
    "Period",
    "Position",
    "Reader",
    "append",
    "dues",
    "find",
    "highest_id",
    "last_of_each",
    "newest_first",
    "newest_of",
    "position",
    "recent_seconds",
    "recorded",
]
