"""The error of a schedule's text, and how its suggestions are found."""

from collections.abc import Iterable


class ScheduleError(ValueError):
    """The message says what is wrong, what was expected, and where there is one, what to write instead.

    `key` is the task file's key that is wrong (schedule, timezone, starting, ending), `index` which of the schedule's
    texts, `column` the offset in that text, from 0, as near as it is known.
    """

    def __init__(self, message: str, column: int = 0, *, index: int = 0, key: str = "schedule") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.index = index
        self.key = key


def nearest(text: str, known: Iterable[str]) -> str | None:
    """Return the known text most like this one, if any is like it at all."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(text[:80].lower(), list(known), n=1, cutoff=0.6)), None)


def suggestion(found: str | None) -> str:
    """Return the end of a message: `; did you mean ...?`, or nothing."""
    return f"; did you mean `{found}`?" if found else ""
