"""Faults: the one form of all errors in a task file or the settings, with their place."""

from collections.abc import Iterable
from typing import NamedTuple

from automate.characters import visible
from automate.errors import BadFileError


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


def shown(text: str, limit: int = 40) -> str:
    """Quote a value for a message, cut if it is long."""
    return visible(repr(text if len(text) <= limit else text[:limit] + "..."))
