"""What a command finds around it: environment, descriptors, signals, session, limits; the same whoever starts it."""

import os
import pwd
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OneRecord, RunCli, Start, WriteTask

THREADS = 0x180000000  # signals 32 and 33 are the C library's own, which it lets nobody set
BASH = {"shell": "/bin/bash"}
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def said(task: WriteTask, run_cli: RunCli) -> Callable[..., list[str]]:
    """`said("pwd", umask="077")` runs such a task, named x, and returns the lines it writes."""

    def run(command: Any, *args: str, **keys: Any) -> list[str]:
        task("x", command, **keys)
        return run_cli("run", "x", *args).stdout.splitlines()

    return run


def test_environment_is_clean_and_always_the_same(said: Callable[..., list[str]], instance: Path) -> None:
    me = pwd.getpwuid(os.geteuid())
    found = said(["/usr/bin/env"], env={"OWN": "of the task's"})
    assert sorted(found) == [
        "AUTOMATE_ATTEMPT=1",
        "AUTOMATE_DUE=",
        "AUTOMATE_RUN=1",
        f"AUTOMATE_SUMMARY={instance}/.automate/summaries/1",
        "AUTOMATE_TASK=x",
        "AUTOMATE_TRIGGER=manual",
        f"HOME={me.pw_dir}",
        "LANG=C.UTF-8",
        f"LOGNAME={me.pw_name}",
        "OWN=of the task's",
        f"PATH={PATH}",
        f"PWD={instance}",
        f"SHELL={me.pw_shell}",
        f"USER={me.pw_name}",
    ]


def test_environment_of_the_caller_is_not_passed_on(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "env")
    assert "LEAKED" not in run_cli("run", "x", env={"LEAKED": "1", "LD_LIBRARY_PATH": "/nowhere"}).stdout


def test_env_replaces_what_a_login_has(said: Callable[..., list[str]]) -> None:
    assert said("echo $PATH $HOME", env={"PATH": "/bin", "HOME": "/else"}) == ["/bin /else"]


def test_env_file_is_read_and_wins_over_env(said: Callable[..., list[str]], instance: Path) -> None:
    (instance / "secrets").write_text('# comment\n; another\n\nA="one two"\nexport B=3\nC=a=b\n')
    found = said('echo "$A/$B/$C"', env={"A": "weaker"}, env_file=[str(instance / "secrets")])
    assert found == ["one two/3/a=b"]


def test_env_file_cannot_change_which_run_it_is(said: Callable[..., list[str]], instance: Path) -> None:
    (instance / "secrets").write_text("AUTOMATE_RUN=77\n")
    assert said("echo $AUTOMATE_RUN", env_file=str(instance / "secrets")) == ["1"]


def test_secrets_are_nowhere_to_be_seen(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    (instance / "secrets").write_text("TOKEN=hunter2hunter2\n")
    task("x", "[ ${#TOKEN} = 14 ] && cat /proc/$$/cmdline", env_file=str(instance / "secrets"))
    shown = [
        run_cli(*words) for words in (("run", "--dry-run", "x"), ("run", "--dry-run", "--json", "x"), ("run", "x"))
    ]
    assert [each.returncode for each in shown] == [0, 0, 0]
    shown += [run_cli("history", "--jsonl"), run_cli("show", "x"), run_cli("show", "x", "--json"), run_cli("log", "x")]
    assert not [each for each in shown if "hunter2hunter2" in each.stdout + each.stderr]
    assert subprocess.run(["grep", "-rl", "hunter2hunter2", instance / ".automate"], check=False).returncode == 1


@pytest.mark.parametrize(
    "content", [b"no assignment hunter2\n", b"A=1\n2B=hunter2\n", b"A=hunter2\0\n", b"A=\xff hunter2\n"]
)
def test_wrong_env_file_is_an_error_that_shows_no_value(outcome: OneRecord, instance: Path, content: bytes) -> None:
    (instance / "secrets").write_bytes(content)
    record = outcome("true", env_file=str(instance / "secrets"))
    assert record["outcome"] == "error"
    assert str(instance / "secrets") in record["error"]
    assert "hunter2" not in str(record)


def test_env_file_that_is_no_file_is_an_error_and_not_a_wedge(outcome: OneRecord, instance: Path) -> None:
    os.mkfifo(instance / "secrets")
    assert outcome("true", env_file=str(instance / "secrets"))["outcome"] == "error"


def test_no_descriptor_of_the_caller_reaches_the_command(task: WriteTask, start: Start) -> None:
    task("x", ["ls", "/proc/self/fd"])
    leaked = [os.open("/dev/null", os.O_RDONLY) for _ in range(9)]
    try:
        found = start("run", "x", pass_fds=leaked).communicate()[0]
    finally:
        for descriptor in leaked:
            os.close(descriptor)
    assert found.split() == ["0", "1", "2", "3"]


def test_no_descriptor_reaches_a_command_with_shared_locks(said: Callable[..., list[str]]) -> None:
    assert said(["ls", "/proc/self/fd"], locks=["a", "b", "c", "d"], warn_on="stderr", stdin="x") == [
        "0",
        "1",
        "2",
        "3",
    ]


def test_standard_input_is_empty(said: Callable[..., list[str]]) -> None:
    assert said("readlink /proc/self/fd/0; cat | wc -c") == ["/dev/null", "0"]


def test_standard_input_is_the_tasks_text(said: Callable[..., list[str]]) -> None:
    assert said("cat", stdin="one\ntwö\n") == ["one", "twö"]


def test_standard_input_of_the_caller_is_left_alone(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "cat")
    assert run_cli("run", "x", input="not for it").stdout == ""


def test_signals_have_their_default_effect_and_none_is_blocked(task: WriteTask, start: Start) -> None:
    def ignore() -> None:
        for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGALRM})

    task("x", ["grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"])
    found = start("run", "x", preexec_fn=ignore).communicate()[0]
    _, blocked, _, ignored = found.split()
    assert (int(blocked, 16), int(ignored, 16) & ~THREADS) == (0, 0)


def test_exit_status_is_known_although_the_caller_ignores_sigchld(
    task: WriteTask, start: Start, record: OneRecord
) -> None:
    task("x", "exit 3")
    running = start("run", "x", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert running.wait(60) == 3
    assert record()["exit_code"] == 3


def test_broken_pipe_ends_a_command_quietly(said: Callable[..., list[str]]) -> None:
    assert said("(yes; echo $? >status) | head -n 1; cat status") == ["y", "141"]


def test_command_has_a_session_of_its_own_and_no_terminal(said: Callable[..., list[str]]) -> None:
    (line,) = said(["cat", "/proc/self/stat"])
    _, group, session, terminal = line.rpartition(") ")[2].split()[1:5]
    assert (group, terminal) == (session, "0")
    assert int(session) != os.getsid(0)


def test_umask_and_directory_are_the_tasks(said: Callable[..., list[str]], instance: Path) -> None:
    (instance / "some where").mkdir()
    assert said("umask; pwd", umask="027", cwd=str(instance / "some where")) == ["0027", f"{instance}/some where"]


def test_umask_is_022_unless_said(said: Callable[..., list[str]]) -> None:
    assert said("umask") == ["0022"]


def test_home_is_the_directory_unless_said(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "pwd", cwd="~")
    assert run_cli("run", "x").stdout.strip() == os.path.realpath(pwd.getpwuid(os.geteuid()).pw_dir)


def test_limits_are_in_force(said: Callable[..., list[str]]) -> None:
    limits = {"memory": "1 GiB", "cpu_time": "90s", "open_files": 77, "processes": 7777}
    found = said("ulimit -v; ulimit -t; ulimit -n; ulimit -Hn", **BASH, limits=limits)
    assert found == ["1048576", "90", "77", "77"]


def test_limit_of_processes_is_in_force(said: Callable[..., list[str]]) -> None:
    assert said("ulimit -u", **BASH, limits={"processes": 7777}) == ["7777"]


def test_limit_of_open_files_is_the_callers_unless_said(said: Callable[..., list[str]]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    shown = ["unlimited" if limit == resource.RLIM_INFINITY else str(limit) for limit in (soft, hard)]
    assert said("ulimit -n; ulimit -Hn", **BASH) == shown


@pytest.mark.parametrize("limits", [{"open_files": 3}, {"memory": "64 KiB"}])
def test_limit_under_which_nothing_can_start_is_a_failure_with_its_end_seen(
    outcome: OneRecord, limits: dict[str, Any]
) -> None:
    record = outcome(["/bin/true"], limits=limits)
    assert record["outcome"] in ("failed", "error")
    assert record["error"]


def test_memory_limit_ends_what_wants_more(outcome: OneRecord) -> None:
    assert outcome([sys.executable, "-c", "bytes(2**30)"], limits={"memory": "256 MiB"})["outcome"] == "failed"


def test_cpu_limit_ends_what_wants_more(outcome: OneRecord) -> None:
    record = outcome("while :; do :; done", limits={"cpu_time": "1s"})
    assert (record["outcome"], record["signal"]) in [("failed", "KILL"), ("failed", "XCPU")]


def test_niceness_is_the_tasks(said: Callable[..., list[str]]) -> None:
    assert said(["nice"], nice=7) == ["7"]


def test_io_class_is_the_tasks(said: Callable[..., list[str]]) -> None:
    assert said(["ionice"], ionice="idle") == ["idle"]
    assert said(["ionice"], ionice="best-effort:6") == ["best-effort: prio 6"]


def test_arguments_follow_a_list(said: Callable[..., list[str]]) -> None:
    assert said(["printf", "[%s]"], "--", "a b", "--json", "*") == ["[a b][--json][*]"]


def test_arguments_of_a_text_are_its_words_and_no_shell_text(said: Callable[..., list[str]]) -> None:
    assert said("printf '[%s]'", "--", "a b", "$(echo no)", "; echo no") == ["[a b][$(echo no)][; echo no]"]


def test_arguments_may_be_any_bytes(said: Callable[..., list[str]]) -> None:
    assert said(["printf", "%s"], "--", "\udcff\x1b") == ["\udcff\x1b"]


def test_list_is_run_without_a_shell(said: Callable[..., list[str]]) -> None:
    assert said(["printf", "%s", "$HOME; echo $(no) `no`"]) == ["$HOME; echo $(no) `no`"]


def test_text_is_run_by_the_shell_of_the_task(said: Callable[..., list[str]]) -> None:
    assert said("echo ${BASH_VERSION:+bash}", **BASH) == ["bash"]


def test_run_knows_its_name_number_and_attempt(said: Callable[..., list[str]]) -> None:
    found = said(
        "echo $AUTOMATE_TASK $AUTOMATE_RUN $AUTOMATE_ATTEMPT; [ $AUTOMATE_ATTEMPT = 2 ]",
        retries={"attempts": 1, "delay": "1ms"},
    )
    assert found == ["x 1 1", "x 1 2"]


def test_variables_of_the_task_have_the_values_it_says(said: Callable[..., list[str]]) -> None:
    assert said("echo $status $directory $pid", env={"status": "green", "directory": "/d", "pid": "p"}) == [
        "green /d p"
    ]


def test_the_command_leads_a_session_and_a_group(said: Callable[..., list[str]]) -> None:
    pid, _, _, _, group, session, *_ = said("cat /proc/$$/stat")[0].split()
    assert pid == group == session
