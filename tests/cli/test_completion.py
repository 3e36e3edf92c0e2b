"""`automate completion`: what is offered; test_completion_in_shells.py has it at a prompt."""

import os
import shlex
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from automate import paths
from automate.cli import commands
from automate.run import Record
from automate.runlog import append
from tests.conftest import WriteTask

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Complete = Callable[..., list[str]]
AS_NOBODY = Path(__file__).parents[1] / "run" / "as_nobody.py"


@pytest.fixture
def ask(run_cli: RunCli, instance: Path) -> Callable[..., list[str]]:
    """`ask("fish", "automate list b")` is what the shell's script is answered."""

    def answer(shell: str, *line: str, env: Mapping[str, str] = {}) -> list[str]:
        done = run_cli(
            *line, dir=None, env={"_AUTOMATE_COMPLETE": shell, "AUTOMATE_DIR": str(instance), **env}, timeout=30
        )
        assert done.stderr == ""
        return done.stdout.splitlines()

    return answer


@pytest.fixture
def described(ask: Callable[..., list[str]]) -> Callable[..., dict[str, str]]:
    """`described("list", "b")` has what fish offers for `automate list b<Tab>`, each with what is said of it."""

    def offers(*words: str, **env: str) -> dict[str, str]:
        answered = ask("fish", shlex.join(["automate", *words[:-1], ""])[:-2] + words[-1], env=env)
        return {value: about for value, _, about in (line.partition("\t") for line in answered[2:])}

    return offers


@pytest.fixture
def complete(ask: Callable[..., list[str]]) -> Complete:
    """`complete("list", "b")` is what bash offers for `automate list b<Tab>`."""

    def offers(*words: str) -> list[str]:
        return ask("bash", shlex.join(["automate", *words[:-1], ""])[:-2] + words[-1], words[-1], "9", "80")[1:]

    return offers


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
    assert complete("edit", "--undo", "b") == ["backup"]
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
    assert complete("log", "") == ["backup", "borg", "1423"]


def test_a_run_id_behind_a_hash_is_offered_without_it(complete: Complete, filled: Path) -> None:
    assert filled.exists()
    assert complete("log", "#1") == ["1423"]
    assert complete("log", "'#1") == ["1423"]


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


def test_runs_newest_first_with_task_outcome_and_time(
    described: Callable[..., dict[str, str]], filled: Path, run_cli: RunCli, task: WriteTask
) -> None:
    assert filled.exists()
    task("wrong", command="false")
    run_cli("run", "wrong")
    offered = described("log", "")
    assert [*offered] == ["backup", "borg", "wrong", "1424", "1423"]
    assert offered["1423"] == "backup success 2026-11-21 03:00 +01:00"
    assert offered["1424"].startswith("wrong failed 20")


def test_runs_that_were_not_started_have_no_output_to_show(complete: Complete, instance: Path) -> None:
    run = Record(id=7, task="x", outcome="skipped", trigger="schedule", ended="2026-11-21T02:00:00Z", host="h")
    append(paths.of_directory(str(instance)), [run])
    assert complete("log", "7") == []


def test_what_runs_can_be_stopped(
    described: Callable[..., dict[str, str]], filled: Path, run_cli: RunCli, task: WriteTask
) -> None:
    assert filled.exists()
    task("long", command="sleep 60")
    run_cli("run", "--detach", "long")
    try:
        assert described("stop", "") == {"long": "#1424 running", "1424": "long running"}
        assert described("log", "142") == {"1424": "long running", "1423": "backup success 2026-11-21 03:00 +01:00"}
    finally:
        run_cli("stop", "long")


def test_what_is_paused_can_be_resumed(described: Callable[..., dict[str, str]], filled: Path, run_cli: RunCli) -> None:
    assert filled.exists()
    run_cli("pause", "borg", "--reason", "disk\x1b[2J full")
    assert [*described("resume", "")] == ["borg"]
    assert r"disk\x1b[2J full" in described("resume", "")["borg"]
    run_cli("resume", "borg")
    assert described("resume", "") == {}


def test_what_is_disabled_can_be_enabled(complete: Complete, filled: Path, run_cli: RunCli) -> None:
    assert filled.exists()
    run_cli("disable", "borg")
    assert complete("enable", "") == ["borg"]
    assert complete("disable", "") == ["backup"]


def test_tasks_of_packages_but_not_where_they_cannot_be_removed(complete: Complete, filled: Path) -> None:
    package = filled / "package"
    package.mkdir()
    (package / "btrfs.yaml").write_text("command: 'true'\n")
    (filled / "automate.yaml").write_text(f"task_dirs: [{package}]\n")
    assert complete("show", "b") == ["backup", "borg", "btrfs"]
    assert complete("remove", "b") == ["backup", "borg"]


def test_tasks_that_are_gone_have_a_past(
    described: Callable[..., dict[str, str]], filled: Path, run_cli: RunCli
) -> None:
    run_cli("run", "borg")
    (filled / "tasks.d" / "borg.yaml").unlink()
    for verb in ("why", "history", "log"):
        assert described(verb, "bo") == {"borg": "removed"}
    assert [*described("run", "bo")] == ["backup"]  # fish looks for it anywhere within


def test_tasks_with_their_descriptions(
    described: Callable[..., dict[str, str]], task: WriteTask, run_cli: RunCli
) -> None:
    for name, keys in {"a": {"description": "first\tof \u202eall"}, "b": {"schedule": "daily at 02:00"}}.items():
        os.utime(task(name, "true", **keys), (0, 0))
    run_cli("list")
    assert described("show", "") == {"a": r"first of \u202eall", "b": "daily at 02:00"}


def test_commands_and_options_are_completed_with_their_help(described: Callable[..., dict[str, str]]) -> None:
    assert described("hi") == {"history": commands.VERBS["history"]}
    assert described("pause", "--r") == {"--reason": "The reason, shown by list and in the records."}


def test_values_of_options(complete: Complete) -> None:
    assert complete("history", "--since", "yes") == ["yesterday"]
    assert complete("pause", "--for", "3") == ["30m"]
    assert complete("next", "--schedule", "@mon") == ["@monthly"]
    assert complete("new", "x", "--user", "nobod") == ["nobody"]
    assert complete("edit", "x", "--set", "timezone=Europe/Berl") == ["timezone=Europe/Berlin"]
    assert complete("history", "--trigger", "ca") == ["catch-up"]


def test_values_behind_an_equals_sign(ask: Callable[..., list[str]]) -> None:
    assert ask("bash", "automate list --sort=na", "na", "9", "80") == ["", "name"]
    assert ask("zsh", "automate list --sort=na") == ["words", "--sort=", "name"]
    assert ask("fish", "automate list --sort=na") == ["words", "--sort=", "--sort=name\t"]


def test_files_and_directories_are_the_shells(ask: Callable[..., list[str]]) -> None:
    for line in ("-C /t", "export systemd --to /t", "import --to /t"):
        assert ask("bash", f"automate {line}", "/t", "9", "80") == ["dirnames"]
    for line in ("check /t", "import crontab /t", "timeline --svg /t", "metrics --textfile /t", "run x -- /t"):
        assert ask("bash", f"automate {line}", "/t", "9", "80") == ["default"]
    assert ask("fish", "automate export systemd --to=/t") == ["directories", "--to=", "/t"]


@pytest.mark.parametrize(
    ("typed", "word", "offered"),
    [("we", "we", r"weekdays\ at\ 9:00"), ("'we", "we", "weekdays at 9:00"),
     ("'weekdays at 9:", "weekdays at 9:", "weekdays at 9:00"),
     (r"weekdays\ at\ 9:", "", "00"), ("--schedule=we", "we", r"weekdays\ at\ 9:00")],
)  # fmt: skip
def test_bash_gets_what_follows_in_its_own_quotes(
    ask: Callable[..., list[str]], typed: str, word: str, offered: str
) -> None:
    option = "" if typed.startswith("--") else "--schedule "
    assert ask("bash", f"automate next {option}{typed}", word, "9", "80") == ["", offered]


def test_bash_shows_more_than_it_inserts(ask: Callable[..., list[str]], filled: Path) -> None:
    assert filled.exists()
    assert ask("bash", "automate log ", "", "63", "30")[1:] == ["backup", "borg", "1423    backup success 2026-…"]
    assert ask("bash", "automate log ", "", "9", "30")[1:] == ["backup", "borg", "1423"]


def test_directories_as_the_shell_reads_them(ask: Callable[..., list[str]], filled: Path) -> None:
    for typed in ("~", "$HOME", '"$HOME"/', "'" + str(filled) + "'", f"{filled}/tasks.d\\/.."):
        line = f"X=1 automate -C {typed} show ba"
        assert ask("zsh", line, env={"AUTOMATE_DIR": "/nowhere", "HOME": str(filled)})[2:] == ["backup"]
    assert ask("zsh", "automate -C '$HOME' show ba", env={"HOME": str(filled)}) == []


def test_with_broken_files(complete: Complete, filled: Path) -> None:
    (filled / "tasks.d" / "broken.yaml").write_text("command: [\n")
    (filled / "automate.yaml").write_text("nonsense\n")
    assert complete("edit", "b") == ["backup", "borg", "broken"]
    assert complete("disable", "b") == ["backup", "borg", "broken"]
    assert complete("list", "--label", "") == []


def test_a_locked_state_is_not_waited_for(complete: Complete, filled: Path, run_cli: RunCli) -> None:
    run_cli("run", "borg")
    with closing(sqlite3.connect(filled / ".automate" / "state.db", isolation_level=None)) as locking:
        locking.execute("PRAGMA locking_mode = EXCLUSIVE")
        locking.execute("BEGIN EXCLUSIVE")
        before = time.monotonic()
        assert complete("disable", "b") == ["backup", "borg"]
        assert complete("stop", "") == []
        assert complete("log", "bo") == ["borg"]
        assert time.monotonic() - before < 30


def test_a_name_is_completed_without_what_reads_files(run_cli: RunCli, filled: Path) -> None:
    env = {"_AUTOMATE_COMPLETE": "zsh", "PYTHONPROFILEIMPORTTIME": "1"}
    done = run_cli(f"automate -C {filled} show b", dir=None, env=env)
    assert done.stdout.splitlines()[2:] == ["backup", "borg"]
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "automate.catalog.catalog" in imported
    assert imported.isdisjoint({"yaml", "croniter", "filelock"})


def test_nothing_is_changed(complete: Complete, filled: Path, run_cli: RunCli) -> None:
    def everything() -> dict[str, tuple[int, int]]:
        files = [path for path in filled.rglob("*") if path.is_file()]
        return {str(path): (path.stat().st_mtime_ns, path.stat().st_size) for path in files}

    for prepare in (lambda: None, lambda: run_cli("run", "borg")):
        prepare()
        before = everything()
        for words in (
            ["log", ""],
            ["enable", ""],
            ["stop", ""],
            ["resume", ""],
            ["list", "--label", ""],
            ["edit", "--undo", ""],
        ):
            complete(*words)
        assert everything() == before


@pytest.mark.root
def test_for_a_user_who_may_only_read(run_cli: RunCli, environment: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as made:  # pytest's directories are closed to others
        there = Path(made)
        (there / "tasks.d").mkdir()
        (there / "tasks.d" / "borg.yaml").write_text("command: 'true'\n")
        run_cli("run", "borg", dir=there)
        run_cli("pause", "borg", dir=there)
        for path in (there, *there.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)

        def offered(line: str) -> list[str]:
            done = subprocess.run(
                [sys.executable, AS_NOBODY, "automate", "-C", made, line, ""],
                check=True, capture_output=True, text=True, timeout=60,
                env={**environment, "_AUTOMATE_COMPLETE": "fish"},
            )  # fmt: skip
            return [item.partition("\t")[0] for item in done.stdout.splitlines()[2:]]

        assert offered("log") == ["borg", "1"]
        assert offered("resume") == ["borg"]


def test_nothing_is_said_while_typing_whatever_is_wrong(complete: Complete) -> None:
    assert complete("-C", "/nonexistent", "history", "b") == []
    assert complete("nonsense", "b") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(run_cli: RunCli, shell: str) -> None:
    script = run_cli("completion", shell, dir=None).stdout
    subprocess.run([shell, "-n"], input=script, check=True, text=True)


def test_the_shell_is_the_users_own_if_none_is_named(run_cli: RunCli) -> None:
    assert "_AUTOMATE_COMPLETE=fish" in run_cli("completion", dir=None, env={"SHELL": "/usr/bin/fish"}).stdout
    assert run_cli("completion", dir=None, env={"SHELL": "/bin/ksh"}).returncode == 2


@pytest.mark.usefixtures("filled")
def test_tasks_after_why(complete: Complete) -> None:
    assert complete("why", "b") == ["backup", "borg"]
