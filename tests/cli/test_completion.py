"""`automate completion`, in a real shell."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from automate import paths
from automate.run import Record
from automate.runlog import append

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Complete = Callable[..., list[str]]


@pytest.fixture
def complete(instance: Path, environment: dict[str, str]) -> Complete:
    """`complete("list", "b")` is what bash offers for `automate list b<Tab>`."""
    program = instance / "bin" / "automate"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m automate "$@"\n')
    program.chmod(0o755)

    def ask(*words: str) -> list[str]:
        script = 'eval "$(automate completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
        script += '_automate_completion automate; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(
            ["bash", "-c", script, "bash", "automate", *words],
            check=True,
            capture_output=True,
            text=True,
            env=environment | {"PATH": f"{program.parent}:{environment['PATH']}", "AUTOMATE_DIR": str(instance)},
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return ask


@pytest.fixture
def filled(instance: Path) -> Path:
    """Two tasks, and a run on record."""
    for name in ("backup", "borg"):
        (instance / "tasks.d" / f"{name}.yaml").write_text("command: 'true'\n")
    run = Record(id=1423, task="backup", outcome="success", trigger="manual", ended="2026-11-21T02:00:00Z", host="h")
    append(paths.of_directory(str(instance)), [run])
    return instance


def test_verbs(complete: Complete) -> None:
    assert complete("hi") == ["history"]
    assert "list" in complete("")


def test_options(complete: Complete) -> None:
    assert complete("history", "--s") == ["--status", "--since"]


def test_task_names(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("history", "b") == ["backup", "borg"]
    assert complete("history", "backup", "bo") == ["borg"]
    assert complete("pause", "ba") == ["backup"]
    assert complete("resume", "bo") == ["borg"]
    assert complete("status", "bo") == ["borg"]


def test_keys_and_their_words(complete: Complete) -> None:
    assert complete("edit", "x", "--set", "time") == ["timezone=", "timeout="]
    assert complete("edit", "x", "--set", "output.max") == ["output.max_size="]
    assert complete("edit", "x", "--set", "retries.att") == ["retries.attempts="]
    assert complete("new", "x", "--set", "overlap=q") == ["overlap=queue"]
    assert complete("edit", "x", "--set", "enabled=") == ["enabled=true", "enabled=false"]
    assert complete("edit", "x", "--unset", "exit_codes.w") == ["exit_codes.warning"]


def test_time_zones(complete: Complete) -> None:
    assert complete("edit", "x", "--timezone", "Europe/Berl") == ["Europe/Berlin"]


def test_names_to_be_changed_and_with_undo_those_that_were_removed(
    complete: Complete, filled: Path, run_cli: RunCli
) -> None:
    assert complete("disable", "ba") == ["backup"]
    run_cli("remove", "--yes", "backup")
    assert complete("edit", "b") == ["borg"]
    assert complete("edit", "--undo", "b") == ["backup", "borg"]
    assert filled.exists()


def test_tasks_of_the_directory_that_was_typed(
    complete: Complete, filled: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert filled.exists()
    other = tmp_path_factory.mktemp("other")
    (other / "tasks.d").mkdir()
    (other / "tasks.d" / "bother.yaml").write_text("command: 'true'\n")
    assert complete("-C", str(other), "history", "b") == ["bother"]


def test_tasks_and_orders_of_the_timeline(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("timeline", "ba") == ["backup"]
    assert complete("timeline", "--sort", "b") == ["busy"]


def test_run_ids(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("log", "14") == ["1423"]
    assert complete("log", "#1") == ["#1423"]


def test_outcomes_one_after_another(complete: Complete) -> None:
    assert complete("history", "--status", "sk") == ["skipped"]
    assert complete("history", "--status", "failed,sk") == ["failed,skipped"]
    assert complete("list", "--status", "failed,ru") == ["failed,running"]
    assert complete("list", "--columns", "name,me") == ["name,median"]


def test_labels_and_categories(complete: Complete, instance: Path) -> None:
    for name in ("a", "b"):
        (instance / "tasks.d" / f"{name}.yaml").write_text("command: x\nlabels: [night, db]\ncategory: nas\n")
    assert complete("list", "--label", "n") == ["night"]
    assert complete("list", "--category", "") == ["nas"]


def test_names_behind_an_option_that_needs_no_argument(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("list", "--watch", "ba") == ["backup"]
    assert complete("list", "--watch", "5", "ba") == ["backup"]


def test_what_can_be_imported(complete: Complete) -> None:
    assert complete("import", "c") == ["crontab"]
    assert complete("import", "--form", "s") == ["system"]


def test_what_can_be_exported(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("export", "s") == ["systemd"]
    assert complete("export", "crontab", "b") == ["backup", "borg"]


def test_nothing_is_said_while_typing_whatever_is_wrong(complete: Complete) -> None:
    assert complete("-C", "/nonexistent", "history", "b") == []
    assert complete("nonsense", "b") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(run_cli: RunCli, shell: str) -> None:
    script = run_cli("completion", shell, dir=None).stdout
    assert f"_AUTOMATE_COMPLETE={shell}_complete" in script
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=script, check=True, text=True)


def test_the_shell_is_the_users_own_if_none_is_named(run_cli: RunCli) -> None:
    assert "fish_complete" in run_cli("completion", dir=None, env={"SHELL": "/usr/bin/fish"}).stdout
    assert run_cli("completion", dir=None, env={"SHELL": "/bin/ksh"}).returncode == 2


@pytest.mark.usefixtures("filled")
def test_tasks_after_why(complete: Complete) -> None:
    assert complete("why", "b") == ["backup", "borg"]
