"""The settings: what one instance's automate.yaml says for all of its tasks."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

HOST = r"[A-Za-z0-9._-]{1,253}"
"""A regular expression for the name of a host."""
_NONE: Mapping[str, Any] = MappingProxyType({})


class Settings(NamedTuple):
    """`Settings()` is what holds without a file.

    `defaults` are task keys as they were read, mappings still as dicts, so that a task may replace single entries;
    `lines` says where in `file` each of them stands, by dotted key (`retries.delay`).
    `calendars` have the texts of their days, by name; `log_output` is `none`, `failed` or `all`; `host` is what H and
    jitter take for this host's name.
    """

    file: str = ""
    defaults: Mapping[str, Any] = _NONE
    lines: Mapping[str, int] = _NONE
    task_dirs: tuple[str, ...] = ()
    group: str | None = None
    calendars: Mapping[str, tuple[str, ...]] = _NONE
    max_running: int | None = None
    log_output: str = "none"
    host: str | None = None
