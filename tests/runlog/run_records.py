"""Records for the tests of the run log."""

from pathlib import Path
from typing import Any

from automate import paths
from automate.paths import Instance
from automate.run import Record


def record(run_id: int, task: str = "backup", **fields: Any) -> Record:
    known: dict[str, Any] = {
        "outcome": "success",
        "trigger": "schedule",
        "started": "2026-11-21T02:00:00+01:00",
        "ended": "2026-11-21T02:00:01+01:00",
        "host": "db1",
    }
    return Record(id=run_id, task=task, **(known | fields))


def lines(*ids: int, task: str = "backup") -> bytes:
    return b"".join(record(run_id, task).line() for run_id in ids)


def log_of(directory: Path, content: bytes = b"") -> Instance:
    """An instance whose log holds this."""
    instance = paths.of_directory(str(directory))
    Path(instance.log).mkdir(parents=True, exist_ok=True)
    if content:
        Path(instance.run_log).write_bytes(content)
    return instance


def content(instance: Instance, suffix: str = "") -> bytes:
    return Path(instance.run_log + suffix).read_bytes()
