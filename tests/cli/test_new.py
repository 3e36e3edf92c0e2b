"""`automate new` and `automate remove`, with the real program."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from automate.operate.new_file import SUGGESTIONS
from automate.settings import Settings
from automate.taskfile import keys, parse_task
from tests.cli.terminal import Terminal

RunCli = Callable[..., CompletedProcess[str]]


@pytest.fixture
def terminal(instance: Path, environment: dict[str, str]) -> Callable[..., Terminal]:
    """`terminal("new", "x")` is the program on a terminal."""
    environ = environment | {"TERM": "xterm", "NO_COLOR": "1"}
    return lambda *words, **more: Terminal(
        [sys.executable, "-m", "automate", "-C", str(instance), *words], environ | more
    )


@pytest.fixture
def written(instance: Path) -> Callable[[str], str]:
    """The text of a task's file."""
    return lambda name: (instance / "tasks.d" / f"{name}.yaml").read_text()


def uncommented(text: str) -> str:
    return re.sub(r"(?m)^# (?=[a-z_]+: )", "", text)


def test_what_is_given_and_what_else_there_is(run_cli: RunCli, written: Callable[[str], str]) -> None:
    done = run_cli(
        "new", "dump", "--command", "pg_dumpall | zstd", "--schedule", "daily at 02:00", "--description", "All: dumped",
        "--timezone", "Europe/Berlin", "--user", "0", "--set", "retries={attempts: 3}", "--set", "env.A=5",
    )  # fmt: skip
    assert done.returncode == 0
    assert written("dump").startswith(
        "description: 'All: dumped'\ncommand: pg_dumpall | zstd\nschedule: daily at 02:00\ntimezone: Europe/Berlin\n"
        "user: '0'\nenv:\n  A: 5\nretries: {attempts: 3}\n\n# Other common keys"
    )
    assert "dump: daily at 02:00: due " in done.stderr
    assert "no scheduler is running; start automate -C " in done.stderr
    assert " run dump tries it now" in done.stderr


def test_only_a_command_is_needed(run_cli: RunCli, written: Callable[[str], str]) -> None:
    assert run_cli("new", "x", "--command", "true").returncode == 0
    assert written("x").startswith("command: 'true'\n")
    assert run_cli("run", "x").returncode == 0


def test_every_suggestion_may_be_taken(run_cli: RunCli, written: Callable[[str], str]) -> None:
    run_cli("new", "x", "--command", "a\nb\n")
    text = uncommented(written("x"))
    task = parse_task(text.encode(), file="x.yaml", name="x", settings=Settings())
    assert task.command == "a\nb\n"
    assert {*SUGGESTIONS} <= {*keys.TASK}
    assert all(f"\n{key}: " in text for key in SUGGESTIONS)


def test_what_is_said_of_suggestions_stands_in_one_column(run_cli: RunCli, written: Callable[[str], str]) -> None:
    run_cli("new", "my-own-task", "--command", "true")
    columns = {
        line.index(" # ")
        for line in written("my-own-task").splitlines()
        if " # " in line[:50] and "env_file" not in line
    }
    assert len(columns) == 1


def test_what_is_given_is_not_suggested(run_cli: RunCli, written: Callable[[str], str]) -> None:
    run_cli("new", "x", "--command", "a", "--set", "timeout=5m", "--set", "retries.attempts=3")
    assert "# timeout" not in written("x")
    assert "# retries" not in written("x")


def test_the_file_may_be_read_by_whom_its_directory_lets_in(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d").chmod(0o755)
    run_cli("new", "x", "--command", "a")
    (instance / "tasks.d").chmod(0o700)
    run_cli("new", "y", "--command", "a")
    modes = [(instance / "tasks.d" / name).stat().st_mode & 0o777 for name in ("x.yaml", "y.yaml")]
    assert modes == [0o644, 0o600]


def test_the_first_task_makes_its_directory(run_cli: RunCli, instance: Path, written: Callable[[str], str]) -> None:
    (instance / "tasks.d").rmdir()
    assert run_cli("new", "x", "--command", "a").returncode == 0
    assert written("x")
    assert (instance / "tasks.d").stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("x",), 2, "--command is missing"),
        (("x", "--command", "a", "--schedule", "now and then"), 2, "x: schedule: "),
        (("x", "--command", "a", "--set", "nice=100"), 2, "x: nice: expected a whole number"),
        (("x", "--command", "a", "--set", "command=b"), 2, "command is given twice"),
        (("x", "--command", ""), 2, "x: command: "),
        (("x", "--command", "\udcff"), 2, "is not UTF-8"),
        (("x", "--command", "a", "--edit"), 2, "--edit needs a terminal"),
        (("Bad Name", "--command", "a"), 2, "cannot name a task"),
        (("../x", "--command", "a"), 2, "cannot name a task"),
        ((".x", "--command", "a"), 2, "cannot name a task"),
        (("x.yaml", "--command", "a"), 2, "cannot name a task"),
        (("known", "--command", "a"), 1, "known: already exists ("),
        (("packaged", "--command", "a"), 1, " edit packaged changes it"),
    ],
)
def test_what_is_wrong_writes_nothing(
    run_cli: RunCli, instance: Path, words: tuple[str, ...], status: int, told: str
) -> None:
    (instance / "tasks.d" / "known.yaml").write_text("command: x\n")
    (instance / "automate.yaml").write_text("task_dirs: packages\n")
    (instance / "packages").mkdir()
    (instance / "packages" / "packaged.yaml").write_text("command: x\n")
    done = run_cli("new", *words)
    assert (done.returncode, done.stdout) == (status, "")
    assert told in done.stderr
    assert [path.name for path in (instance / "tasks.d").iterdir()] == ["known.yaml"]
    assert (instance / "tasks.d" / "known.yaml").read_text() == "command: x\n"


def test_dry_run_shows_the_file_and_writes_none(run_cli: RunCli, instance: Path) -> None:
    done = run_cli("new", "x", "--command", "a", "--dry-run")
    assert "+command: a\n" in done.stdout
    assert [*(instance / "tasks.d").iterdir()] == []


def test_undo_takes_a_new_task_away_and_brings_it_again(run_cli: RunCli, instance: Path) -> None:
    run_cli("new", "x", "--command", "a")
    assert "x: after:  no such task" in run_cli("edit", "--undo", "x").stderr
    assert [*(instance / "tasks.d").iterdir()] == []
    run_cli("edit", "--undo", "x")
    assert (instance / "tasks.d" / "x.yaml").exists()


def test_on_a_terminal_it_asks_until_it_is_right(
    terminal: Callable[..., Terminal], written: Callable[[str], str]
) -> None:
    shown = terminal("new", "x")
    shown.wait_for("Command: ")
    shown.type("\n")
    shown.wait_for("Command: ")
    shown.type("echo hello\n")
    shown.wait_for("Schedule (empty: by hand only): ")
    shown.type("daily at 25:00\n")
    shown.wait_for("no such time of day `25:00`")
    shown.wait_for("Schedule (empty: by hand only): ")
    shown.type("0 2 * * *\n")
    shown.wait_for("daily at 02:00 (")
    shown.wait_for("  in ")
    shown.wait_for("Is that right? [Y/n]: ")
    shown.type("n\n")
    shown.wait_for("Schedule (empty: by hand only): ")
    shown.type("hourly\n")
    shown.wait_for("Is that right? [Y/n]: ")
    shown.type("\n")
    shown.wait_for("Description: ")
    shown.type("\n")
    assert shown.end() == 0
    assert written("x").startswith("command: echo hello\nschedule: hourly\n\n#")


def test_an_interrupt_while_it_asks_writes_nothing(terminal: Callable[..., Terminal], instance: Path) -> None:
    shown = terminal("new", "x")
    shown.wait_for("Command: ")
    assert shown.interrupt() == 130
    assert [*(instance / "tasks.d").iterdir()] == []


def test_edit_opens_it_before_it_is_in_force(terminal: Callable[..., Terminal], written: Callable[[str], str]) -> None:
    shown = terminal("new", "x", "--command", "a", "--edit", EDITOR="sed -i s/a$/b/")
    assert shown.end() == 0
    assert written("x").startswith("command: b\n")


def test_edit_without_a_change_writes_it_all_the_same(
    terminal: Callable[..., Terminal], written: Callable[[str], str]
) -> None:
    assert terminal("new", "x", "--command", "a", "--edit", EDITOR="true").end() == 0
    assert written("x").startswith("command: a\n")


# remove


@pytest.fixture
def backup(instance: Path) -> Path:
    path = instance / "tasks.d" / "backup.yml"
    path.write_text("command: sleep 60   # long\n")
    path.chmod(0o640)
    return path


def test_remove_and_undo(run_cli: RunCli, backup: Path) -> None:
    done = run_cli("remove", "--yes", "backup")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("backup: removed; automate -C ")
    assert " edit --undo backup brings it back\n" in done.stderr
    assert not backup.exists()
    assert run_cli("edit", "--undo", "backup").returncode == 0
    assert backup.read_text() == "command: sleep 60   # long\n"
    assert backup.stat().st_mode & 0o777 == 0o640


def test_without_a_terminal_and_yes_it_refuses(run_cli: RunCli, backup: Path) -> None:
    done = run_cli("remove", "backup")
    assert (done.returncode, backup.exists()) == (2, True)
    assert "pass --yes to confirm" in done.stderr


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x03", 130), ("\x04", 130)])
def test_on_a_terminal_it_asks(terminal: Callable[..., Terminal], backup: Path, answer: str, status: int) -> None:
    shown = terminal("remove", "back*")
    shown.wait_for(f"backup: {backup}\nRemove this task? [y/N]: ")
    shown.type(answer)
    assert (shown.interrupt() if answer == "\x03" else shown.end()) == status
    assert backup.exists() == (status != 0)


def test_what_is_not_there_is_4_and_nothing_is_removed(run_cli: RunCli, backup: Path) -> None:
    assert run_cli("remove", "-y", "backup", "nothing").returncode == 4
    assert backup.exists()


def test_a_packages_task_is_not_removed(run_cli: RunCli, backup: Path, instance: Path) -> None:
    (instance / "automate.yaml").write_text("task_dirs: packages\n")
    (instance / "packages").mkdir()
    packaged = instance / "packages" / "packaged.yaml"
    packaged.write_text("command: x\n")
    done = run_cli("remove", "-y", "*")
    assert done.returncode == 77
    assert " disable packaged overrides it; nothing was removed" in done.stderr
    assert packaged.exists()
    assert backup.exists()
    (instance / "tasks.d" / "packaged.yaml").write_text("command: y\n")
    assert f"removed; {packaged} is in force again" in run_cli("remove", "-y", "packaged").stderr


def test_what_follows_it_is_told(run_cli: RunCli, backup: Path, instance: Path) -> None:
    assert backup.exists()
    (instance / "tasks.d" / "report.yaml").write_text("command: x\nafter: backup\n")
    run_cli("tick")
    assert "report: runs after backup, which no longer exists\n" in run_cli("remove", "-y", "backup").stderr


def test_a_run_goes_on(run_cli: RunCli, backup: Path) -> None:
    run_cli("run", "--detach", "backup")
    assert "backup #1: is under way and is not affected" in run_cli("remove", "-y", "backup").stderr
    assert not backup.exists()
    assert run_cli("stop", "1").returncode == 0


def test_a_broken_task_can_be_removed(run_cli: RunCli, backup: Path) -> None:
    backup.write_text("command: [")
    assert run_cli("remove", "-y", "backup").returncode == 0
    assert json.loads(run_cli("list", "--json").stdout) == []
