"""The settings: what one instance's automate.yaml says for all of its tasks."""

from typing import Any

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`Settings()` is what holds without a file.

    `defaults` are task keys as they were read, mappings still as dicts, so that a task may replace single entries;
    `lines` says where in `file` each of them stands, by dotted key (`retries.delay`).
    """

    file: str = ""
    defaults: dict[str, Any] = {}
    lines: dict[str, int] = {}
    task_dirs: tuple[str, ...] = ()
    group: str | None = None
