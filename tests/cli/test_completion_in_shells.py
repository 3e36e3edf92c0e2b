"""Completion at the prompt of bash, zsh and fish, without settings: what the line becomes, what is shown."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from automate import paths
from automate.cli.commands import VERBS
from automate.runlog import append
from tests.cli.shells import IN_A_FILE_OF_ITS_OWN, IN_A_STARTUP_FILE, KEYS, ShellAtTerminal
from tests.runlog.run_records import record


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with tasks, two runs on record and a file whose name must be quoted."""
    directory = tmp_path_factory.mktemp("instance")
    (directory / "tasks.d").mkdir()
    for name, keys in {
        "backup": "description: 'Dump: every database'",
        "borg": "enabled: false",
        "zip": "labels: [it's, $HOME]",
    }.items():
        path = directory / "tasks.d" / f"{name}.yaml"
        path.write_text(f"command: 'true'\n{keys}\n")
        os.utime(path, (0, 0))  # old enough for the cache to keep it
    instance = paths.of_directory(str(directory))
    for run_id, outcome in ((1423, "success"), (1424, "failed")):
        ended = f"2026-11-21T02:00:0{run_id % 10}Z"
        append(instance, [record(run_id, outcome=outcome, trigger="manual", ended=ended)])
    (directory / "one file").write_text("")
    (directory / "one directory").mkdir()
    subprocess.run([sys.executable, "-m", "automate", "-C", directory, "list"], check=True, stdout=subprocess.DEVNULL)
    return directory


def _started(name: str, installed: Mapping[str, str], directory: Path) -> ShellAtTerminal:
    home = Path(tempfile.mkdtemp(dir=directory))
    environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin", "AUTOMATE_DIR": str(directory)}
    return ShellAtTerminal(name, installed[name], home, directory, environ)


@pytest.fixture(scope="module", params=KEYS)
def shell(request: pytest.FixtureRequest, filled: Path) -> Iterator[ShellAtTerminal]:
    """Each of them, in the directory of the instance."""
    with closing(_started(request.param, IN_A_STARTUP_FILE, filled)) as started:
        yield started


@pytest.mark.parametrize("name", KEYS)
def test_installed_as_a_file(name: str, filled: Path) -> None:
    with closing(_started(name, IN_A_FILE_OF_ITS_OWN, filled)) as started:
        assert started.becomes("automate show ba") == "automate show backup "
        assert started.becomes("automate show bo") == "automate show borg "


def test_a_command(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate hi") == "automate history "


def test_commands_with_their_help(shell: ShellAtTerminal) -> None:
    shell.lists("automate ", "pause", VERBS["pause"])


def test_options_with_their_help(shell: ShellAtTerminal) -> None:
    shell.lists("automate pause --", "--reason", "The reason, shown by list and in the records.")


def test_a_task(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate show ba") == "automate show backup "


def test_another_task(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate show backup bo") == "automate show backup borg "


def test_a_task_of_a_directory_that_is_named(shell: ShellAtTerminal, filled: Path) -> None:
    other = filled / "other"
    (other / "tasks.d").mkdir(parents=True, exist_ok=True)
    (other / "tasks.d" / "bother.yaml").write_text("command: 'true'\n")
    assert shell.becomes("automate -C ./other show b") == "automate -C ./other show bother "
    assert shell.becomes("automate -C ~/../'other' show b") == "automate -C ~/../'other' show bother "


def test_a_task_that_makes_sense(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate enable ") == "automate enable borg "


def test_tasks_with_their_descriptions_and_runs(shell: ShellAtTerminal) -> None:
    shown = shell.lists("automate log ", "Dump: every database", "backup success 2026-11-21 02:00 +01:00")
    assert shown.index("1424") < shown.index("1423")


def test_the_id_of_a_run(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate log 1423") == "automate log 1423 "


def test_ids_of_runs_with_task_outcome_and_time(shell: ShellAtTerminal) -> None:
    shell.lists("automate log 142", "backup failed 2026-11-21 02:00 +01:00", "backup success 2026-11-21 02:00 +01:00")


def test_a_hash_that_was_typed_becomes_what_is_no_comment(shell: ShellAtTerminal) -> None:
    expected = {"bash": "'1423' ", "zsh": "'1423' ", "fish": "'#1423' "}
    assert shell.becomes("automate log '#1423") == f"automate log {expected[shell.name]}"
    if shell.name != "fish":  # whose own comments have no completion
        assert shell.becomes("automate log #1423") == "automate log 1423 "


def test_a_value(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate list --sort na") == "automate list --sort name "
    assert shell.becomes("automate list --sort=na") == "automate list --sort=name "
    assert shell.becomes("automate next --timezone Europe/Berl") == "automate next --timezone Europe/Berlin "


def test_a_value_behind_others(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate list --status=failed,sk") == "automate list --status=failed,skipped "


def test_a_key_is_followed_by_its_value(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate edit zip --set timez") == "automate edit zip --set timezone="
    assert shell.becomes("automate edit zip --set overlap=q") == "automate edit zip --set overlap=queue "
    assert shell.becomes("automate edit zip --set=overlap=q") == "automate edit zip --set=overlap=queue "


def test_a_value_with_spaces_is_quoted(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate next --schedule weekd") == r"automate next --schedule weekdays\ at\ 9:00 "
    assert shell.becomes("automate next --schedule 'weekd") == "automate next --schedule 'weekdays at 9:00' "
    assert shell.becomes('automate next --schedule "weekd') == 'automate next --schedule "weekdays at 9:00" '


def test_what_the_shell_would_expand_is_quoted(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate list --label it") == r"automate list --label it\'s "
    assert shell.becomes(r"automate list --label \$") == r"automate list --label \$HOME "


def test_a_directory(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate -C one") == r"automate -C one\ directory/"
    assert shell.becomes("automate export systemd --to=one") == r"automate export systemd --to=one\ directory/"


def test_a_file(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate check one\\ f") == r"automate check one\ file "
    assert shell.becomes("automate timeline --svg one\\ f") == r"automate timeline --svg one\ file "


def test_words_of_the_tasks_own(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate run zip -- one\\ f") == r"automate run zip -- one\ file "


def test_nothing_where_there_is_nothing(shell: ShellAtTerminal) -> None:
    for line in ("automate new o", "automate nonsense o", "automate -C /nonexistent show b", "automate resume b"):
        assert shell.becomes(line) == line


def test_only_the_words_before_the_cursor(shell: ShellAtTerminal) -> None:
    assert shell.becomes("automate show ba --json" + 7 * "\x1b[D") in {
        "automate show backup --json",
        "automate show backup  --json",
    }
