"""A run log that somebody has written into: no command ends with a traceback, and nothing of it drives a terminal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automate import paths
from automate.outcomes import RAN
from automate.run import LARGEST

if TYPE_CHECKING:
    import subprocess

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]

FIRST, LAST = "0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-12:00"
HOSTILE = "\x1b[31m\u202e\u200b\x9b\x00\n|"
PAUSE = {"task": None, "since": FIRST, "until": LAST, "by": HOSTILE, "reason": HOSTILE}
LINES: list[dict[str, Any]] = [
    {"started": FIRST, "ended": LAST, "seconds": 1e308},
    {"due": FIRST, "seconds": -1e308},
    {"outcome": "missed", "count": LARGEST, "first_due": FIRST, "due": LAST, "started": None},
    {"outcome": "skipped", "count": LARGEST, "first_due": LAST, "due": FIRST, "started": None},
    {"outcome": "skipped", "cause": "paused", "pause": PAUSE, "due": FIRST},
    {"outcome": "skipped", "cause": HOSTILE, "lock": HOSTILE, "runs": [LARGEST, 0], "condition_exit": LARGEST},
    {"outcome": "failed", "signal": HOSTILE, "error": HOSTILE, "exit_code": -LARGEST, "user": HOSTILE, "by": HOSTILE},
    {"outcome": "stopped", "reason": HOSTILE, "by": HOSTILE, "host": HOSTILE, "summary": {HOSTILE: [HOSTILE]}},
    {"outcome": "lost", "attempts": LARGEST, "cpu_seconds": 1e308, "max_rss": LARGEST, "output_bytes": LARGEST},
    {"task": HOSTILE, "output": HOSTILE},
    {"trigger": "after", "by": "#99999999999999999999999999", "due": None},
    {"id": LARGEST},
    {"id": 2**63},
    {"due": "0001-01-01T00:00:00+14:00"},
    {"task": 7},
]
COMMANDS = (
    "history", "history -n 0 --since 2020-01-01", "history --csv", "show backup", "audit", "why backup",
    "why backup --at 02:00", f"why #{LARGEST}", f"why #{2**63}", "timeline", "timeline --svg -", "doctor", "log",
    "log backup", f"log #{LARGEST}", f"log #{2**63}", f"log {'9' * 5000}", "list --columns name,note,due,user,run",
    "status", "metrics", "next", f"stop #{2**63}", "tick",
)  # fmt: skip


@pytest.fixture
def log(instance: Path) -> Path:
    """The run log of an instance with one task."""
    (instance / "tasks.d" / "backup.yaml").write_text("command: exit 3\nschedule: daily at 02:00\n")
    known = {
        "id": 1, "task": "backup", "outcome": "success", "trigger": "schedule", "host": "h",
        "started": "2026-11-21T02:00:00Z", "ended": "2026-11-21T02:00:01Z",
    }  # fmt: skip
    log = Path(paths.of_directory(str(instance)).run_log)
    log.parent.mkdir(parents=True)
    lines = [json.dumps(known | {"id": 9000 + number} | fields) for number, fields in enumerate(LINES)]
    log.write_bytes("".join(f"{line}\n" for line in lines).encode() + b'{"v":' + b"[" * 100_000 + b"\n\0\n")
    return log


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_ends_with_a_traceback_or_shows_what_it_should_not(run_cli: RunCli, command: str) -> None:
    done = run_cli(*command.split())
    assert done.returncode != 70, done.stderr
    assert not {"\x1b", "\u202e", "\u200b", "\x9b", "\x00"}.intersection(done.stdout + done.stderr)


@pytest.mark.usefixtures("log")
def test_a_lost_state_is_made_anew_from_what_are_records(run_cli: RunCli, instance: Path) -> None:
    run_cli("tick")
    (instance / ".automate" / "state.db").unlink()
    done = run_cli("run", "backup")
    assert done.stderr.startswith("backup #9011: failed")
    assert json.loads(run_cli("history", "--json", "-n", "1").stdout)["outcome"] in RAN
