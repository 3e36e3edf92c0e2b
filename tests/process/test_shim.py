"""shim.sh under each shell there is: the same lines, the same descriptors, the same signals."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import automate.process
from tests.conftest import Until

SHIM = Path(automate.process.__file__).with_name("shim.sh")
SETSID = shutil.which("setsid") or "setsid"
SHELLS = [
    words for words in (["sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]) if shutil.which(words[0]) is not None
]

pytestmark = [
    pytest.mark.parametrize("shell", SHELLS, ids=lambda words: words[0]),
    pytest.mark.usefixtures("_no_process_stays"),
]


class Shim:
    """One started as spawn.arm does it, its status file a pipe's or file's end as `status`."""

    def __init__(self, directory, shell, command, cwd="/", umask="0022", condition=(), **keys):
        self.status = directory / "status"
        self.gate: int | None
        self.gate_read, self.gate = os.pipe()
        descriptors = {3: os.open(self.status, os.O_RDWR | os.O_CREAT), 4: self.gate_read}
        descriptors |= {number: os.open("/dev/null", os.O_RDONLY) for number in range(5, 10)}
        moved = {number: fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100) for number, descriptor in descriptors.items()}

        def number_them():
            for number, descriptor in moved.items():
                os.dup2(descriptor, number)
            os.closerange(100, 200)

        self.process = subprocess.Popen(
            [*shell, str(SHIM), umask, str(cwd), str(len(condition)), *condition, SETSID, *command],
            text=True,
            close_fds=False,
            start_new_session=True,
            preexec_fn=number_them,  # noqa: PLW1509 - this process has no threads
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | keys,
        )
        for descriptor in (*descriptors.values(), *moved.values()):
            os.close(descriptor)

    def give_word(self):
        assert self.gate is not None
        os.write(self.gate, b"go\n")
        return self

    def end(self):
        """Its output and exit status."""
        if self.gate is not None:
            os.close(self.gate)
            self.gate = None
        output = self.process.communicate(timeout=60)[0]
        return output, self.process.returncode

    def said(self):
        return self.status.read_text()


@pytest.fixture
def shim(tmp_path: Path, shell: list[str]) -> Iterator[Callable[..., Shim]]:
    made: list[Shim] = []

    def make(*command: str, **keys: Any) -> Shim:
        made.append(Shim(tmp_path, shell, command, **keys))
        return made[-1]

    yield make
    for each in made:
        each.process.kill()
        each.end()


def test_it_writes_when_it_started_and_how_it_ended(shim: Callable[..., Shim]) -> None:
    shim_ = shim("sh", "-c", "echo out; exit 7").give_word()
    assert shim_.end() == ("out\n", 7)
    times = r"\d+m[\d.]+s \d+m[\d.]+s\n"
    pattern = rf"started (\d+) \d+\.\d+\ngroup \d+ \d+\n(stderr \d+\n)?{times}{times}exited 7\n"
    found = re.fullmatch(pattern, shim_.said())
    assert found
    assert int(found[1]) == shim_.process.pid


def test_without_the_word_nothing_is_run(shim: Callable[..., Shim], tmp_path: Path) -> None:
    shim_ = shim("touch", str(tmp_path / "ran"))
    assert shim_.end() == ("", 0)
    assert shim_.said() == ""
    assert not (tmp_path / "ran").exists()


def test_its_descriptors_are_closed_in_the_command(shim: Callable[..., Shim]) -> None:
    shim_ = shim("ls", "/proc/self/fd").give_word()
    assert shim_.end()[0].split() == ["0", "1", "2", "3"]


def test_words_reach_the_command_as_they_are(shim: Callable[..., Shim]) -> None:
    words = ["a b", "", "*", "$HOME", "-n", "\\", "ö\n"]
    assert shim("printf", "[%s]", *words).give_word().end()[0] == "".join(f"[{word}]" for word in words)


NAMES = ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM"]


@pytest.mark.parametrize("name", NAMES)
def test_signal_to_its_own_group_does_not_end_it(shim: Callable[..., Shim], name: str, until: Until) -> None:
    shim_ = shim("sh", "-c", "read -r _ && exit 3", stdin=subprocess.PIPE).give_word()
    leader = until(lambda: leader_of(shim_), within=5)
    os.killpg(shim_.process.pid, getattr(signal, f"SIG{name}"))
    os.kill(leader, 0)
    shim_.process.stdin.write("go\n")
    assert shim_.end()[1] == 3


@pytest.mark.parametrize("name", [*NAMES, "KILL"])
def test_signal_to_the_group_of_the_command_ends_it_and_not_the_shim(
    shim: Callable[..., Shim], name: Any, until: Until
) -> None:
    shim_ = shim("sleep", "60").give_word()
    number = getattr(signal, f"SIG{name}")
    os.killpg(until(lambda: leader_of(shim_), within=5), number)
    shim_.end()
    assert shim_.said().endswith(f"exited {128 + number}\n")


@pytest.mark.parametrize("words", ["kill -9 0", "kill -9 -$$"])
def test_what_a_command_does_to_its_group_is_its_own_end(shim: Callable[..., Shim], words: str) -> None:
    shim_ = shim("sh", "-c", f"{words}; echo reached").give_word()
    assert "reached" not in shim_.end()[0].splitlines()
    assert shim_.said().endswith("exited 137\n")


def leader_of(shim):
    """The PID of the command, once it leads its group."""
    found = re.findall(r"^group (\d+) ", shim.said(), re.MULTILINE)
    return int(found[-1]) if found and os.getsid(int(found[-1])) == int(found[-1]) else None


def test_start_time_of_the_leader_is_the_kernels(shim: Callable[..., Shim], until: Until) -> None:
    shim_ = shim("sleep", "60").give_word()
    leader = until(lambda: leader_of(shim_), within=5)
    fields = Path(f"/proc/{leader}/stat").read_text().split()
    assert f"\ngroup {leader} {fields[21]}\n" in shim_.said()
    os.killpg(leader, signal.SIGKILL)


def test_variables_of_the_task_are_left_alone(shim: Callable[..., Shim]) -> None:
    words = ["pid", "began", "count", "all", "word", "uptime", "directory", "condition", "status", "place"]
    shim_ = shim("sh", "-c", " ".join(["echo", *(f"${word}" for word in words)]), env=dict.fromkeys(words, "own"))
    assert shim_.give_word().end()[0].split() == ["own"] * len(words)


def test_signals_have_their_default_effect_in_the_command(shim: Callable[..., Shim]) -> None:
    line = shim("grep", "^SigIgn", "/proc/self/status").give_word().end()[0]
    caught_by_shim = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM]
    assert not [number for number in caught_by_shim if int(line.split()[1], 16) >> (number - 1) & 1]


def test_directory_that_vanished_is_told(shim: Callable[..., Shim], tmp_path: Path) -> None:
    shim_ = shim("touch", str(tmp_path / "ran"), cwd=tmp_path / "gone").give_word()
    shim_.end()
    assert "unstartable\n" in shim_.said()
    assert shim_.said().endswith("exited 126\n")
    assert "unforked" not in shim_.said()
    assert not (tmp_path / "ran").exists()


def test_program_that_is_not_there_is_127(shim: Callable[..., Shim]) -> None:
    assert shim("/no/such/program").give_word().end()[1] == 127


def test_umask_and_directory_are_set(shim: Callable[..., Shim], tmp_path: Path) -> None:
    shim_ = shim("sh", "-c", "umask; pwd; echo ${OLDPWD-none}", cwd=tmp_path, umask="0027").give_word()
    assert shim_.end()[0].split() == ["0027", str(tmp_path), "none"]


@pytest.mark.parametrize(("command", "wrote"), [("echo fine", False), ("echo oops >&2", True)])
def test_place_of_stderr_tells_whether_anything_was_written(
    shim: Callable[..., Shim], tmp_path: Path, command: str, wrote: bool
) -> None:
    with open(tmp_path / "errors", "a") as errors:
        shim_ = shim("sh", "-c", command, stderr=errors).give_word()
        shim_.end()
    assert re.findall(r"^stderr (\d+)$", shim_.said(), re.MULTILINE) == [str(5 * wrote)]


def test_condition_that_holds_lets_the_command_run(shim: Callable[..., Shim]) -> None:
    shim_ = shim("echo", "ran", condition=["test", "a b", "=", "a b"]).give_word()
    assert shim_.end() == ("ran\n", 0)
    assert "condition" not in shim_.said()


def test_condition_that_fails_keeps_the_command_from_running(shim: Callable[..., Shim]) -> None:
    shim_ = shim("echo", "ran", condition=["sh", "-c", "exit 4", "with", "words"]).give_word()
    assert shim_.end() == ("", 4)
    assert "\ncondition 4\n" in shim_.said()


def test_descriptors_are_closed_in_the_condition(shim: Callable[..., Shim]) -> None:
    shim_ = shim("true", condition=["ls", "/proc/self/fd"]).give_word()
    assert shim_.end()[0].split() == ["0", "1", "2", "3"]
