"""Errors that a person can fix, each with the exit status of the command; and what was probably meant."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from automate.characters import visible

_LONGEST = 64  # letters of a word that is compared
_SHORTEST, _SHORT = 2, 5


class AutomateError(Exception):
    """The message says what is wrong, where, and what to do; it is shown alone, without a traceback."""

    exit_code = 1


class UsageError(AutomateError):
    """The command line asks for something that does not exist or does not go together."""

    exit_code = 2


class NotRunningError(AutomateError):
    """Asked of a running task, and it does not run; or asked of a task that is paused."""

    exit_code = 3


class NoSuchTaskError(AutomateError):
    """A name, glob or run id that nothing matches."""

    exit_code = 4


class BusyError(AutomateError):
    """A lock is held by another process; EX_TEMPFAIL of sysexits.h."""

    exit_code = 75


class NotAllowedError(AutomateError):
    """Refused by permissions, or by the task's own settings; sysexits.h's EX_NOPERM."""

    exit_code = 77


class BadFileError(AutomateError):
    """A task file or the settings cannot be used; sysexits.h's EX_CONFIG."""

    exit_code = 78


class Fault(NamedTuple):
    """One fault.

    `line` and `column` count from 1; `key` is dotted (`retries.delay`), empty for the whole file.
    """

    file: str
    line: int
    column: int
    key: str
    message: str

    def __str__(self) -> str:
        what = f"{self.key}: {self.message}" if self.key else self.message
        return visible(f"{self.file}:{self.line}:{self.column}: {what}")


class BadTaskFile(BadFileError):  # noqa: N818 - the name says what it is about; it is an error by its base
    """A task file or the settings cannot be used; `faults` holds every reason, by position."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.line, fault.column)))
        super().__init__("\n".join(map(str, self.faults)))

    @classmethod
    def of_whole(cls, file: str, message: str) -> "BadTaskFile":
        """Make the error for a fault of the file itself rather than of a place in it."""
        return cls([Fault(file, 1, 1, "", message)])


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


class DamagedStateError(AutomateError):
    """The state holds something that this program did not write, such as a row that was changed with an editor."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"state.db: {what} is damaged; move state.db away (automate doctor shows where it is), and the next "
            "command rebuilds it from the run log, without pauses"
        )


def shown(text: str, limit: int = 40) -> str:
    """Quote a value for a message, cut if it is long."""
    return visible(repr(text if len(text) <= limit else text[:limit] + "..."))


@contextmanager
def reading_state(what: str) -> Iterator[None]:
    """Raise DamagedStateError where what is read within is not what was written; also a decorator."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError) as error:
        raise DamagedStateError(what) from error


def nearest(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return known words that differ by a letter, or in a word of more than five letters by two; the most alike first.

    Neighbours that are swapped count as one difference, and small and capital letters as none.
    """
    word = word[:_LONGEST].lower()
    limit = 2 if len(word) > _SHORT else int(len(word) >= _SHORTEST)
    close = [name for name in known if abs(len(name) - len(word)) <= limit] if limit else []
    alike = [(_differences(word, name.lower(), limit), name[-1:].lower() != word[-1:], name) for name in close]
    return [name for differences, _, name in sorted(alike) if differences <= limit][:most]


def _differences(one: str, other: str, limit: int) -> int:
    """Count letters to insert, delete, replace or swap (optimal string alignment); more than `limit` is not counted."""
    before: list[int] = []
    row: list[int] = [*range(len(other) + 1)]
    for place, letter in enumerate(one):
        before, last, row = row, before, [place + 1]
        for index, each in enumerate(other):
            cost = min(before[index] + (letter != each), before[index + 1] + 1, row[index] + 1)
            if place and index and letter == other[index - 1] and one[place - 1] == each:
                cost = min(cost, last[index - 1] + 1)
            row.append(cost)
        if min(row) > limit:
            return limit + 1
    return row[-1]


def suggestion(words: Iterable[str], mark: str = "") -> str:
    """Return the end of a message: `; did you mean a or b?`, each between marks; empty without words."""
    listed = " or ".join(f"{mark}{word}{mark}" for word in words)
    return f"; did you mean {listed}?" if listed else ""
