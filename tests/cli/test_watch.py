"""`automate list --watch`, on a terminal of its own and in a pipe."""

import fcntl
import os
import re
import signal
import struct
import termios
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import RunCli, Start, Until, WriteTask

if TYPE_CHECKING:
    import subprocess

TAKEN, GIVEN = "\x1b[?1049h", "\x1b[?1049l"
NEVER = "600"  # seconds between looks: what comes sooner was asked for


class Terminal:
    """A pseudo-terminal of so many lines and columns; what was written to it, all of it and as it is shown now."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        self.text = ""
        self.resize(24, 100)

    def resize(self, lines: int, columns: int) -> None:
        """The kernel tells who runs there."""
        fcntl.ioctl(self.ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self) -> str:
        """All that was ever written."""
        os.set_blocking(self.ours, False)
        with suppress(OSError):
            while chunk := os.read(self.ours, 65536):
                self.text += chunk.decode()
        return self.text

    def shown(self) -> list[str]:
        """The lines of the newest picture that is whole, without colours."""
        whole = re.findall(r"\x1b\[H((?:(?!\x1b\[H).)*?\x1b\[J[^\x1b]*)", self.read(), re.DOTALL)
        return re.sub(r"\x1b\[[\d;?]*[A-Za-z]|\r", "", whole[-1]).split("\n") if whole else []

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    @property
    def modes(self) -> list[object]:
        return termios.tcgetattr(self.theirs)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    made = Terminal()
    yield made
    os.close(made.ours)
    os.close(made.theirs)


@pytest.fixture
def watch(
    terminal: Terminal,
    start: Start,
    environment: dict[str, str],
    until: Until,
) -> Callable[..., "subprocess.Popen[str]"]:
    """`watch("--sort", "state")` is the program on the terminal, once it has drawn."""

    def begin(*arguments: str, every: str = NEVER) -> "subprocess.Popen[str]":
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal.theirs)
        env = environment | {"TERM": "xterm", "NO_COLOR": "1"}
        watching = start("list", "--watch", every, *arguments, within=["setsid", "-c"], env=env, **streams)
        until(terminal.shown)
        return watching

    return begin


def test_it_is_drawn_again_in_the_same_place(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, run_cli: RunCli, until: Until
) -> None:
    task("a", "sleep 60")
    watch(every="0.2")
    assert [line.split()[:2] for line in terminal.shown()[-1:]] == [["a", "idle"]]
    run_cli("run", "a", "--detach")
    until(lambda: re.match(r"a +running \d", terminal.shown()[-1]))
    assert ": 1 running" in terminal.shown()[0]
    assert terminal.text.count(TAKEN) == 1
    run_cli("stop", "a")


@pytest.mark.parametrize(
    ("typed", "status"), [("q", 0), ("\x04", 0), ("\x03", 130), ("\x1c", -signal.SIGQUIT)], ids=["q", "D", "C", "Q"]
)
def test_keys_end_it_and_the_terminal_is_as_it_was(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, typed: str, status: int | signal.Signals
) -> None:
    before = terminal.modes
    watching = watch()
    assert terminal.modes != before
    terminal.type(typed)
    assert watching.wait(20) == status
    assert terminal.read().endswith(GIVEN)
    assert "\x1b[?25h" in terminal.text.rpartition(TAKEN)[2]
    assert terminal.modes == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_and_the_terminal_is_as_it_was(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, number: signal.Signals
) -> None:
    before = terminal.modes
    watching = watch()
    watching.send_signal(number)
    assert watching.wait(20) == -number
    assert terminal.read().endswith(GIVEN)
    assert terminal.modes == before


def test_a_state_that_cannot_be_read_is_told_and_is_no_end(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, instance: Path, until: Until
) -> None:
    task("a", "true")
    watching = watch(every="0.2")
    state = instance / ".automate" / "state.db"
    state.unlink()
    state.mkdir()
    until(lambda: any("automate: " in line for line in terminal.shown()))
    terminal.type("q")
    assert watching.wait(20) == 0


def test_stopped_it_gives_the_terminal_back_and_continued_it_looks_again(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    watching = watch()
    task("new", "true")
    watching.send_signal(signal.SIGTSTP)  # of a group without a parent's shell the kernel stops none
    until(lambda: terminal.read().count(TAKEN) == 2)
    assert terminal.text.index(GIVEN) < terminal.text.rindex(TAKEN)
    until(lambda: terminal.shown()[-1].startswith("new "))
    watching.send_signal(signal.SIGSTOP)
    watching.send_signal(signal.SIGCONT)
    until(lambda: terminal.read().count(TAKEN) == 3)


ENDED = "kill %1; while kill -0 $pid; do sleep 0.05; done 2>/dev/null; echo ended"
IN_BACKGROUND = f'set -m; "$0" "$@" & pid=$!; until grep -q "^State:.T" /proc/$pid/status; do sleep 0.05; done; {ENDED}'
IN_FRONT = f'set -m; "$0" "$@"; pid=$(jobs -p); {ENDED}'


@pytest.fixture
def job(terminal: Terminal, start: Callable[..., object], environment: dict[str, str]) -> Callable[[str], None]:
    """`job(SCRIPT)` lets a shell with job control, to which the terminal belongs, run it in a script."""

    def begin(script: str) -> None:
        streams = dict.fromkeys(("stdin", "stdout", "stderr"), terminal.theirs)
        within = ["setsid", "-c", "bash", "-c", script]
        start("list", "--watch", within=within, env=environment | {"TERM": "xterm"}, **streams)

    return begin


def test_in_the_background_it_stands_still_and_can_be_ended(
    job: Callable[[str], None], terminal: Terminal, until: Until
) -> None:
    job(IN_BACKGROUND)
    until(lambda: "ended" in terminal.read())
    assert TAKEN not in terminal.text
    assert GIVEN not in terminal.text


def test_what_was_stopped_can_be_ended_and_touches_the_terminal_no_more(
    job: Callable[[str], None], terminal: Terminal, until: Until
) -> None:
    job(IN_FRONT)
    until(terminal.shown)
    terminal.type("\x1a")
    until(lambda: "ended" in terminal.read())
    assert terminal.text.count(TAKEN) == terminal.text.count(GIVEN) == 1


def test_what_there_is_no_room_for_is_counted(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask
) -> None:
    for number in range(50):
        task(f"t{number:02}", "true", enabled=number < 45)
    terminal.resize(12, 40)
    watch()
    shown = terminal.shown()
    assert len(shown) == 12
    assert max(map(len, shown)) == 40
    assert shown[-1] == "1-7 of 50 tasks; not shown: 5 disabled;…"
    assert shown[3].startswith("NAME")


def test_a_terminal_of_another_size_is_drawn_at_once(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    for number in range(50):
        task(f"t{number:02}", "true")
    watch()
    terminal.resize(10, 60)
    until(lambda: len(terminal.shown()) == 10)
    terminal.resize(60, 60)
    until(lambda: terminal.shown()[-1].startswith("t49"))


UP, DOWN, HOME, END, PAGE_UP, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[H", "\x1b[F", "\x1b[5~", "\x1b[6~"


def test_keys_move_to_tasks_that_there_was_no_room_for(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    for number in range(50):
        task(f"t{number:02}", "true")
    terminal.resize(14, 100)
    watch()

    def shows(first: Any, last: Any) -> Any:
        lines = terminal.shown()
        names = [line.split()[0] for line in lines if re.match(r"t\d\d ", line)]
        assert lines[-1].startswith(f"{int(names[0][1:]) + 1}-{int(names[-1][1:]) + 1} of 50 tasks; ")
        return (names[0], names[-1]) == (first, last)

    assert shows("t00", "t08")
    for typed, first, last in (
        (DOWN, "t01", "t09"), (PAGE_DOWN, "t10", "t18"), (UP + UP, "t08", "t16"), (END, "t41", "t49"),
        (PAGE_UP, "t32", "t40"), (HOME, "t00", "t08"), ("G", "t41", "t49"), ("k", "t40", "t48"),
    ):  # fmt: skip
        terminal.type(typed)
        until(lambda: shows(first, last))  # noqa: B023 - it is asked at once
    terminal.resize(30, 100)
    until(lambda: shows("t25", "t49"))


def test_moving_is_no_look(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    for number in range(50):
        task(f"t{number:02}", "true")
    watch()
    task("t00-new", "true")
    terminal.type(DOWN)
    until(lambda: terminal.shown()[4].startswith("t01"))
    terminal.type(" ")
    until(lambda: terminal.shown()[4].startswith("t00-new"))


def test_any_other_key_looks_at_once(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    watch()
    task("new", "true")
    terminal.type(" ")
    until(lambda: terminal.shown()[-1].startswith("new "))


def test_who_schedules_is_told(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, run_cli: RunCli, until: Until
) -> None:
    task("a", "true", schedule="every 2 hours")
    watch(every="0.2")
    assert terminal.shown()[1] == "no scheduler; no step so far"
    run_cli("tick")
    until(lambda: re.fullmatch("no daemon; last step (now|.* ago)", terminal.shown()[1]))


def test_faults_and_pauses_are_a_part_of_the_picture(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, run_cli: RunCli
) -> None:
    task("a", None)
    run_cli("pause", "--all", "--reason", "new disks")
    terminal.resize(24, 300)
    watch()
    text = "\n".join(terminal.shown())
    assert "tasks.d/a.yaml:1:13: command: " in text
    assert "all tasks are paused" in text
    assert "new disks" in text


def test_a_task_that_is_gone_is_no_end(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, until: Until
) -> None:
    file = task("a", "true")
    task("b", "true")
    watch("a", every="0.2")
    file.unlink()
    until(lambda: any("automate: no task 'a'" in line for line in terminal.shown()))
    task("a", "true")
    until(lambda: terminal.shown()[-1].startswith("a "))


def test_the_progress_of_what_runs_is_shown_where_there_is_room(
    watch: Callable[..., "subprocess.Popen[str]"], terminal: Terminal, task: WriteTask, run_cli: RunCli, until: Until
) -> None:
    task("a", "test $AUTOMATE_RUN -gt 1 && sleep 60; sleep 1")
    run_cli("run", "a")
    task("b", "sleep 60")
    run_cli("run", "a", "b", "--detach")
    terminal.resize(24, 160)
    watch("--no-header", every="0.2")
    full = re.compile(r"a +running \d.* of ~\S+ +█{10} +\d{3,}%")
    until(lambda: full.match(terminal.shown()[-2]), within=60)
    terminal.resize(24, 80)
    until(lambda: "█" not in "".join(terminal.shown()) and len(terminal.shown()) == 5)
    run_cli("stop", "a", "b")


def test_in_a_pipe_the_looks_follow_one_another_as_plain_text(start: Start, task: WriteTask) -> None:
    task("a", "true")
    watching = start("list", "--watch", "0.1", "--columns", "name,state", env=os.environ | {"TERM": "xterm"})
    lines = [watching.stdout.readline() for _ in range(10)]
    assert lines[1:5] == ["no scheduler; no step so far\n", "NAME  STATE\n", "a     idle\n", "\n"]
    assert lines[6:10] == lines[1:5]
    assert "\x1b" not in "".join(lines)


def test_it_ends_when_nobody_reads_any_more(start: Start, task: WriteTask) -> None:
    task("a", "true")
    watching = start("list", "--watch=0.1")
    watching.stdout.readline()
    watching.stdout.close()
    assert watching.wait(20) == 141


def test_what_follows_is_its_argument_only_when_it_is_a_number(start: Start, task: WriteTask) -> None:
    task("a", "true")
    task("b", "true")
    for words, told in ((["--watch", "b"], "every 15s  1 task"), (["--watch", "0.5", "b"], "every 0.5s  1 task")):
        watching = start("list", *words)
        assert told in watching.stdout.readline()
        watching.kill()


@pytest.mark.parametrize("words", [["--watch=x"], ["--watch=0"], ["--watch=2d"], ["--watch", "--json"]])
def test_what_it_cannot_mean_is_a_usage_error(run_cli: RunCli, words: list[str]) -> None:
    result = run_cli("list", *words)
    assert (result.returncode, result.stdout) == (2, "")


def test_a_wrong_name_is_an_error_at_once(run_cli: RunCli, task: WriteTask) -> None:
    task("a", "true")
    assert run_cli("list", "--watch", "nix").returncode == 4
