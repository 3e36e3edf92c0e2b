"""What does not fit a terminal, in a pager: with a real terminal (pty(7))."""

import os
import pty
import select
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from automate import paths
from automate.run import Record
from automate.runlog import append

ROWS = 5
Shown = Callable[..., tuple[int, str]]


@pytest.fixture
def _filled(instance: Path) -> None:
    append(
        paths.of_directory(str(instance)),
        [
            Record(id=number, task="backup", outcome="failed", trigger="manual", ended="2026-11-21T02:00:00Z", host="h")
            for number in range(1, 9)
        ],
    )


@pytest.fixture
def shown(start: Callable[..., Any], environment: dict[str, str], _filled: None) -> Iterator[Shown]:
    """`shown("history", PAGER="cat -n")` is the exit status, and what stood on a terminal of ROWS lines."""
    master, slave = pty.openpty()

    def run(*arguments: str, signals: int = 0, **env: str) -> tuple[int, str]:
        env = environment | {"TERM": "xterm", "LINES": str(ROWS), "COLUMNS": "100", **env}
        process = start(*arguments, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True)
        text = b""
        while process.poll() is None:
            text += _waiting(master)
            if signals and b"ready" in text:
                process.send_signal(signals)
                signals = 0
        return process.returncode, (text + _waiting(master)).decode().replace("\r\n", "\n")

    yield run
    os.close(master)
    os.close(slave)


def _waiting(descriptor: int) -> bytes:
    """What comes within a moment."""
    return os.read(descriptor, 1 << 16) if select.select([descriptor], [], [], 0.02)[0] else b""


@pytest.mark.parametrize("variable", ["AUTOMATE_PAGER", "PAGER"])
def test_what_does_not_fit_goes_through_the_pager(shown: Shown, variable: str) -> None:
    status, text = shown("history", **{variable: "sed s/^/paged:/"})
    assert status == 0
    assert text.count("paged:") == 9


def test_our_own_variable_goes_before_the_common_one(shown: Shown) -> None:
    assert "ours:" in shown("history", AUTOMATE_PAGER="sed s/^/ours:/", PAGER="sed s/^/theirs:/")[1]


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        (("-n", "3"), {}),
        (("--no-pager",), {}),
        ((), {"TERM": "dumb"}),
        ((), {"AUTOMATE_PAGER": ""}),
        ((), {"LINES": "50"}),
        (("--json",), {}),
        (("--csv",), {}),
    ],
)
def test_no_pager_is_started(shown: Shown, arguments: tuple[str, ...], env: dict[str, str]) -> None:
    status, text = shown("history", *arguments, **{"PAGER": "sed s/^/paged:/", **env})
    assert status == 0
    assert "paged:" not in text
    assert "backup" in text


def test_colours_are_kept_and_less_is_told_so(shown: Shown) -> None:
    text = shown("history", PAGER='echo "LESS=$LESS"; cat', TERM="xterm")[1]
    assert "LESS=FRX\n" in text
    assert "\x1b[31mfailed" in text


def test_the_readers_own_settings_of_less_stay(shown: Shown) -> None:
    assert "LESS=S\n" in shown("history", PAGER='echo "LESS=$LESS"; cat', LESS="S")[1]


def test_a_pager_that_is_not_there_loses_nothing(shown: Shown) -> None:
    status, text = shown("history", PAGER="/nonexistent/pager")
    assert status == 0
    assert text.count("backup") == 8


@pytest.mark.parametrize("pager", ["true", "head -n 1", "exit 3"])
def test_leaving_the_pager_early_is_no_error(shown: Shown, pager: str) -> None:
    status, text = shown("history", "-n", "0", PAGER=pager)
    assert status == 0
    assert "rror" not in text


def test_an_interrupt_is_the_pagers(shown: Shown) -> None:
    status, text = shown("history", PAGER="echo ready; sleep 1; echo done; cat", signals=signal.SIGINT)
    assert status == 0
    assert "done" in text
    assert "backup" in text


def test_a_timeline_is_paged_too(shown: Shown, instance: Path) -> None:
    for number in range(6):
        (instance / "tasks.d" / f"t{number}.yaml").write_text("command: 'true'\nschedule: '@hourly'\n")
    assert "paged:t5" in shown("timeline", PAGER="sed s/^/paged:/")[1]
    assert "paged:" not in shown("timeline", "--no-pager", PAGER="sed s/^/paged:/")[1]
