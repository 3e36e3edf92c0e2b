"""Task files, pauses and a run log full of hostile text: no command ends with a traceback or drives a terminal."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import category

import pytest

from automate import paths
from automate.outcomes import RAN
from automate.run import LARGEST
from tests.cli.terminal import Terminal

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
    "status", "metrics", "next", f"stop #{2**63}", "tick", "list", "show backup --all", "check", "run --dry-run backup",
    "list --search x", "export crontab", "export systemd", "edit backup --set timeout=1h --dry-run", "resume",
    "pause --all", "history --json", "show backup --json", "list --json",
)  # fmt: skip


@pytest.fixture
def log(instance: Path) -> Path:
    """The run log of an instance with one task."""
    text = "\x1b[31m\u202e\u200b\x9b|"
    keys: dict[str, Any] = {
        "command": f"exit 3 # {text}", "schedule": "daily at 02:00", "description": text, "category": text,
        "labels": [text], "documentation": text, "env": {"X": text}, "condition": f"true # {text}", "stdin": text,
    }  # fmt: skip
    (instance / "tasks.d" / "backup.yaml").write_text(json.dumps(keys))
    (instance / "tasks.d" / "broken.yaml").write_text(json.dumps({"command": "true", text: text, "cwd": text}))
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
    run_cli("pause", "backup", "--reason", HOSTILE.replace("\0", ""), env={"SUDO_USER": HOSTILE.replace("\0", "")})
    done = run_cli(*command.split())
    assert done.returncode != 70, done.stderr
    is_data = "--json" in command or "export" in command  # which in a pipe is as it was written
    shown = done.stderr if is_data else done.stdout + done.stderr
    assert not {"\x1b", "\u202e", "\u200b", "\x9b", "\x00"}.intersection(shown)


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_terminal_gets_no_sequences_but_our_colours(
    instance: Path, environment: dict[str, str], command: str
) -> None:
    words = [sys.executable, "-m", "automate", "-C", str(instance), *command.split()]
    terminal = Terminal(words, environment | {"TERM": "xterm", "PAGER": "cat"})
    assert terminal.end() != 70
    shown = re.sub(r"\x1b\[(0|1|2|3[1-6])m", "", terminal.shown)
    assert not [character for character in shown if category(character) in {"Cc", "Cf"} and character not in "\n\r\t"]


@pytest.mark.usefixtures("log")
def test_a_lost_state_is_made_anew_from_what_are_records(run_cli: RunCli, instance: Path) -> None:
    run_cli("tick")
    (instance / ".automate" / "state.db").unlink()
    done = run_cli("run", "backup")
    assert done.stderr.startswith("backup #9011: failed")
    assert json.loads(run_cli("history", "--jsonl", "-n", "1").stdout)["outcome"] in RAN
