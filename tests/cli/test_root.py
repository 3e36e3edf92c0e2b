"""`automate` itself: its options, how it ends, and what it does not import."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from automate import __version__
from automate.cli import commands, exits
from automate.cli.commands import find_command
from automate.errors import BadFileError, BusyError, NoSuchTaskError, UsageError

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
AUTOMATE = [sys.executable, "-m", "automate"]


def in_shell(script: str, environment: dict[str, str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    """`automate` stands for the program."""
    line = f'automate() {{ "{sys.executable}" -m automate "$@"; }}; {script}'
    return subprocess.run(
        ["bash", "-c", line], check=False, capture_output=True, text=True, env=environment, cwd=cwd, timeout=60
    )


def test_alone_it_shows_help(run_cli: RunCli) -> None:
    done = run_cli(dir=None)
    assert done.returncode == 0
    assert "history" in done.stdout
    assert done.stdout == run_cli("-h", dir=None).stdout == run_cli("--help", dir=None).stdout


def test_it_tells_its_version(run_cli: RunCli) -> None:
    assert run_cli("--version", dir=None).stdout == f"automate {__version__}\n"


@pytest.mark.parametrize("verb", commands.VERBS)
def test_every_verb_has_help_that_names_the_common_options(run_cli: RunCli, verb: str) -> None:
    done = run_cli(verb, "-h")
    assert done.returncode == 0, done.stderr
    assert f"Usage: automate {verb}" in done.stdout


def test_help_shows_the_manual_page_of_a_verb(run_cli: RunCli) -> None:
    done = run_cli("help", "run", dir=None)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("AUTOMATE-RUN(1)")


def test_help_without_man_shows_the_help_of_a_verb(run_cli: RunCli, tmp_path: Path) -> None:
    done = run_cli("help", "run", dir=None, env={"PATH": str(tmp_path)})
    assert (done.returncode, done.stdout) == (0, run_cli("run", "--help", dir=None).stdout)


def test_help_of_an_unknown_verb_is_a_usage_error(run_cli: RunCli) -> None:
    assert run_cli("help", "rnu", dir=None).returncode == 2


def test_an_unknown_verb_is_a_usage_error_with_the_nearest_one(run_cli: RunCli) -> None:
    done = run_cli("hisotry")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "automate: no such command: hisotry; did you mean history?\n"


def test_an_unknown_option_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("history", "--nonsense")
    assert done.returncode == 2
    assert done.stderr.startswith("automate: No such option")
    assert "Try 'automate history --help'." in done.stderr


def test_a_key_of_a_task_as_an_option_is_pointed_to_set(run_cli: RunCli) -> None:
    done = run_cli("new", "x", "--command", "true", "--kill-after", "2s")
    assert done.returncode == 2
    assert done.stderr == (
        "automate: No such option '--kill-after'.\nWrite --set kill_after=VALUE for the key of the task.\n"
    )


def test_a_directory_that_does_not_exist_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("history", dir=Path("/nonexistent"))
    assert done.returncode == 2
    assert "/nonexistent" in done.stderr


def test_the_directory_may_come_from_the_environment(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("history", dir=None, env={"AUTOMATE_DIR": str(instance)})
    assert (done.returncode, done.stderr) == (0, "nothing has run yet\n")


def test_control_characters_in_a_message_are_visible(run_cli: RunCli) -> None:
    assert "\x1b" not in run_cli("\x1b[31mlist").stderr


def test_help_imports_no_command_and_nothing_heavy() -> None:
    code = "import sys; sys.argv[1:] = ['--help']; import automate.cli\ntry: automate.cli.main()\n"
    code += "except SystemExit: pass\nprint(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    modules = set(done.stdout.split())
    assert not modules & {"msgspec", "sqlite3", "yaml", "croniter", "filelock", "subprocess", "dataclasses"}
    assert not modules & {f"automate.cli.commands.{verb}" for verb in commands.VERBS}


@pytest.mark.root
def test_root_takes_no_library_from_the_environment(run_cli: RunCli, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for name in ("click", "sqlite3", "msgspec"):
        (foreign / f"{name}.py").write_text("raise SystemExit('foreign code')")
    done = run_cli("list", env={"PYTHONPATH": str(foreign)})
    assert (done.returncode, "foreign" in done.stderr) == (0, False)


def test_a_reader_who_has_seen_enough_ends_it_silently_as_sigpipe_does(
    environment: dict[str, str], instance: Path
) -> None:
    done = in_shell('automate --help | true; echo "${PIPESTATUS[0]}"', environment, instance)
    assert done.stderr == ""
    assert done.stdout in {"141\n", "0\n"}  # 0 when it had written all before `true` ended


def test_a_pipe_nobody_reads_is_no_error_message(environment: dict[str, str], instance: Path) -> None:
    script = '{ sleep 0.3; automate history -q; automate --help; echo "$?" >&2; } | exec true'
    done = in_shell(script, environment, instance)
    assert done.stderr == "141\n"


@pytest.mark.parametrize("arguments", ["--help", "--version", "history --help", "completion bash"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_an_error_without_traceback(
    environment: dict[str, str], instance: Path, arguments: str, unbuffered: str
) -> None:
    environment["PYTHONUNBUFFERED"] = unbuffered
    done = in_shell(f"automate {arguments} > /dev/full", environment, instance)
    assert done.returncode == 1
    assert done.stderr == "automate: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(("arguments", "status"), [("check", 0), ("run nosuch", 4), ("bogus", 2)])
def test_a_standard_error_that_takes_nothing_changes_no_status(
    environment: dict[str, str], instance: Path, arguments: str, status: int
) -> None:
    assert in_shell(f"automate -C . {arguments} 2> /dev/full", environment, instance).returncode == status


@pytest.mark.parametrize(("command", "status"), [("list", 2), ("tick", 2), ("doctor", 2), ("status", 3)])
def test_a_directory_that_is_not_utf8_is_refused(run_cli: RunCli, instance: Path, command: str, status: int) -> None:
    directory = instance / os.fsdecode(b"\xff")
    directory.mkdir()
    done = run_cli(command, dir=directory)
    assert done.returncode == status
    assert "this path is not UTF-8" in done.stderr + done.stdout


def test_a_path_that_sqlite_cannot_open_is_refused(run_cli: RunCli, instance: Path) -> None:
    longest = instance / ("d" * 200)
    most = 504 - len("/.automate/state.db") - len(str(longest)) - 1
    for length, status in ((most, 0), (most + 1, 2)):
        directory = longest / ("e" * length)
        (directory / "tasks.d").mkdir(parents=True)
        assert run_cli("tick", dir=directory).returncode == status


def test_closed_standard_descriptors_do_no_harm(environment: dict[str, str], instance: Path) -> None:
    done = in_shell("automate history <&- >&- 2>&-; echo $?", environment, instance)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_locale_without_the_characters_is_no_error(run_cli: RunCli) -> None:
    done = run_cli("no-such-日本", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 2
    assert "no-such-\\u65e5\\u672c" in done.stderr


def test_ctrl_c_ends_with_130(environment: dict[str, str], instance: Path) -> None:
    (instance / "tasks.d" / "long.yaml").write_text("command: echo begun; sleep 30\n")
    subprocess.run([*AUTOMATE, "-C", str(instance), "run", "--detach", "long"], check=True, env=environment)
    following = subprocess.Popen(
        [*AUTOMATE, "-C", str(instance), "log", "-f", "long"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert following.stdout is not None
    assert following.stdout.readline() == b"begun\n"
    following.send_signal(signal.SIGINT)
    _, said = following.communicate(timeout=30)
    subprocess.run([*AUTOMATE, "-C", str(instance), "stop", "-q", "long"], check=True, env=environment)
    assert following.returncode == 130
    assert b"Traceback" not in said


def test_colours_are_shown_on_a_terminal_only(environment: dict[str, str], instance: Path) -> None:
    (instance / "tasks.d" / "quick.yaml").write_text("command: 'true'\n")
    subprocess.run([*AUTOMATE, "-C", str(instance), "run", "-q", "quick"], check=True, env=environment)
    shown = on_terminal(["-C", str(instance), "history"], environment | {"TERM": "xterm"})
    assert b"\x1b[32msuccess\x1b[0m" in shown
    assert b"\x1b" not in on_terminal(
        ["-C", str(instance), "history"], environment | {"NO_COLOR": "1", "TERM": "xterm"}
    )


def on_terminal(arguments: list[str], environment: dict[str, str]) -> bytes:
    leader, follower = pty.openpty()
    with subprocess.Popen([*AUTOMATE, *arguments], stdout=follower, stderr=follower, env=environment):
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 4096):
                shown += piece
        except OSError:  # EIO: nobody has the other end open any more
            pass
    os.close(leader)
    return shown


def _raise(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (NoSuchTaskError("no task x"), 4, "automate: no task x\n"),
        (BusyError("busy"), 75, "automate: busy\n"),
        (BadFileError("bad"), 78, "automate: bad\n"),
        (click.UsageError("wrong"), 2, "automate: wrong\n"),
        (KeyboardInterrupt(), 130, ""),
        (PermissionError(13, "Permission denied", "/etc/shadow"), 77, "automate: /etc/shadow: Permission denied\n"),
        (OSError(37, "No locks available", "x"), 1, "automate: x: No locks available\n"),
        (OSError(28, "No space left on device", "x"), 1, "automate: x: No space left on device\n"),
    ],
)
def test_what_went_wrong_is_one_message_and_a_status(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    assert exits.exit_status(lambda: _raise(error)) == status
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("error", [ValueError("odd"), FileNotFoundError(2, "No such file", "x")])
def test_a_bug_keeps_its_traceback(capsys: pytest.CaptureFixture[str], error: Exception) -> None:
    assert exits.exit_status(lambda: _raise(error)) == 70
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.splitlines()[-1].startswith("automate: this is a bug in automate; please report it")


STARTS = (
    "a by change convert create critical do draw end explain export find follow give if import include install list "
    "log make no omit on only open pause preview print prove put refresh remove replace report revert run schedule set "
    "show sort start stop suspend the turn validate wait warning write"
)
"""How a help text begins: with a verb in the imperative, or with a noun."""


@pytest.mark.parametrize("verb", commands.VERBS)
def test_help_texts_begin_with_an_imperative_or_a_noun(verb: str) -> None:
    command = commands.find_command(verb)
    options = [option.help for option in command.params if isinstance(option, click.Option)]
    texts = [commands.VERBS[verb], command.help, *options]
    assert [text for text in texts if text and text.split()[0].lower() not in STARTS.split()] == []


@pytest.mark.parametrize(
    ("verb", "meant"),
    [
        ("start", "run"), ("rm", "remove"), ("delete", "remove"), ("ps", "list --status running"), ("kill", "stop"),
        ("top", "list --watch"), ("logs", "log"), ("man", "help"), ("statsu", "status"), ("hisotry", "history"),
    ],
)  # fmt: skip
def test_a_word_of_another_program_leads_to_the_right_verb(verb: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"^no such command: {verb}; did you mean {meant}\\?$"):
        find_command(verb)


def test_a_word_that_is_close_to_none_leads_to_help() -> None:
    with pytest.raises(UsageError, match=r"^no such command: foo; see automate --help$"):
        find_command("foo")


def test_what_is_suggested_for_another_programs_word_exists() -> None:
    assert {meant.split()[0] for meant in commands._MEANT.values()} <= {*commands.VERBS, "--version"}
    assert commands._MEANT.keys().isdisjoint(commands.VERBS)
