"""Task files and settings: which files there are, what they say, and every fault of theirs at its place.

Finding is cheap, and is all that a command needs whose tasks are in the parse cache; what reads YAML is imported with
the first file that is read.
"""

from typing import TYPE_CHECKING

from automate.errors import BadTaskFile, Fault
from automate.settings import Settings
from automate.taskfile.finding import Found, check_vanished, discover, is_meant, name_of, passed_over
from automate.taskfile.trusted_read import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automate.task import Task

__all__ = [
    "BadTaskFile", "Fault", "Found", "Settings",
    "check_vanished", "discover", "is_meant", "name_of", "origins", "parse_settings", "parse_task",
    "parse_with_lines", "passed_over", "read",
]  # fmt: skip


def parse_task(data: bytes, *, file: str, name: str, settings: Settings) -> "Task":
    """Read a task file's content, with the settings' defaults under it; BadTaskFile with every fault there is."""
    return parse_with_lines(data, file=file, name=name, settings=settings)[0]


def parse_with_lines(data: bytes, *, file: str, name: str, settings: Settings) -> "tuple[Task, dict[str, int]]":
    """Read a task file as `parse_task` does; with it comes the line of each of its own keys, by their dotted names."""
    from automate.taskfile import parsing

    return parsing.parse_with_lines(data, file=file, name=name, settings=settings)


def parse_settings(data: bytes, file: str) -> Settings:
    """Read the settings' content; an empty file is as good as none. BadTaskFile with every fault there is."""
    from automate.taskfile import parsing

    return parsing.parse_settings(data, file)


def origins(lines: "Mapping[str, int]", *, file: str, settings: Settings) -> dict[str, str]:
    """Return the origin of each value that is not built in: FILE:LINE of the settings or the task file.

    `lines` are the file's own, as of `parse_with_lines`; entries of mappings have keys of their own, dotted
    (`retries.delay`, `env.PATH`).
    """
    by_default = {key: f"{settings.file}:{line}" for key, line in settings.lines.items()}
    return by_default | {key: f"{file}:{line}" for key, line in lines.items()}
