"""`automate check`, with the real program."""

import json
from pathlib import Path

import pytest

from tests.conftest import RunCli, WriteTexts


@pytest.fixture
def write(instance: Path) -> WriteTexts:
    def write(**texts: str) -> None:
        for name, text in texts.items():
            (instance / "tasks.d" / f"{name}.yaml").write_text(text)

    return write


def test_sound_tasks_are_counted(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x", b="command: x")
    result = run_cli("check")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "2 tasks, no faults\n")


def test_quiet_says_nothing_of_sound_tasks(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x")
    assert run_cli("check", "--quiet").stderr == ""


def test_no_tasks_says_what_to_do(run_cli: RunCli) -> None:
    result = run_cli("check")
    assert result.returncode == 0
    assert "no tasks yet" in result.stderr


def test_every_fault_of_every_file_is_a_line_with_its_place(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="comand: x\ntimeout: soon", b="command: x", c="command: [")
    (instance / "automate.yaml").write_text("defaults:\n  timeout: never")
    result = run_cli("check")
    assert result.returncode == 78
    places = [line.removeprefix(f"{instance}/").split(": ")[:2] for line in result.stdout.splitlines()]
    assert places[:4] == [
        ["automate.yaml:2:12", "defaults.timeout"],
        ["tasks.d/a.yaml:1:1", "comand"],
        ["tasks.d/a.yaml:1:1", "command"],
        ["tasks.d/a.yaml:2:10", "timeout"],
    ]
    assert places[4][0].startswith("tasks.d/c.yaml:")
    assert result.stderr == "3 tasks, 5 faults\n"


def test_json_is_a_list_of_faults(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="command: x\ntimeout: soon")
    result = run_cli("check", "--json")
    assert result.returncode == 78
    [fault] = json.loads(result.stdout)
    assert fault.pop("message")
    assert fault == {
        "severity": "error",
        "file": f"{instance}/tasks.d/a.yaml",
        "line": 2,
        "column": 10,
        "key": "timeout",
    }


def test_json_of_no_faults_is_an_empty_list(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x")
    assert json.loads(run_cli("check", "--json").stdout) == []


def test_files_that_cannot_be_tasks_are_faults(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d" / "Big.yaml").write_text("command: x")
    (instance / "tasks.d" / "dir.yaml").mkdir()
    assert len(run_cli("check").stdout.splitlines()) == 2


def test_files_anywhere_can_be_checked(run_cli: RunCli, tmp_path: Path, write: WriteTexts) -> None:
    write(a="comand: x")
    file = tmp_path / "b.yaml"
    file.write_text("command: x\nnice: 20")
    result = run_cli("check", str(file))
    assert result.returncode == 78
    assert result.stdout.startswith(f"{file}:2:7: nice: ")
    assert result.stderr == "1 task, 1 fault\n"


def test_a_file_that_does_not_exist_is_a_fault(run_cli: RunCli, tmp_path: Path) -> None:
    result = run_cli("check", str(tmp_path / "b.yaml"))
    assert result.returncode == 78
    assert "does not exist" in result.stdout


def test_a_file_that_could_not_be_a_task_by_its_name_is_a_fault(run_cli: RunCli, tmp_path: Path) -> None:
    (tmp_path / "B.yaml").write_text("command: x")
    assert run_cli("check", str(tmp_path / "B.yaml")).returncode == 78


def test_standard_input_is_a_task(run_cli: RunCli) -> None:
    result = run_cli("check", "-", input="command: x\nnice: 20")
    assert result.returncode == 78
    assert result.stdout.startswith("<stdin>:2:7: nice: ")


def test_an_endless_standard_input_is_a_fault(run_cli: RunCli) -> None:
    assert "larger than" in run_cli("check", "-", input="#" * 2_000_000).stdout


def test_settings_elsewhere_are_checked_as_settings(run_cli: RunCli, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "automate.yaml").write_text("task_dirs: [more]")
    assert run_cli("check", str(other / "automate.yaml")).returncode == 0
    (other / "automate.yaml").write_text("command: x")
    assert run_cli("check", str(other / "automate.yaml")).returncode == 78


def test_a_task_may_be_called_automate(run_cli: RunCli, write: WriteTexts) -> None:
    write(automate="command: x")
    assert run_cli("check").returncode == 0


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("command: x\nuser: nosuchuser", "a.yaml:2:1: warning: user: no such user: nosuchuser"),
        ("command: x\ngroup: nosuchgroup", "a.yaml:2:1: warning: group: no such group: nosuchgroup"),
        ("command: x\ncwd: /no/such", "a.yaml:2:1: warning: cwd: no such directory: /no/such"),
        ("command: x\ncwd: /etc/passwd", "a.yaml:2:1: warning: cwd: not a directory: /etc/passwd"),
        ("command: x\nshell: /bin/nosuch", "a.yaml:2:1: warning: shell: no such program: /bin/nosuch"),
        ("command: x\nshell: /etc/passwd", "a.yaml:2:1: warning: shell: not executable: /etc/passwd"),
        ("command: [nosuchprogram]", "a.yaml:1:1: warning: command: no such program: nosuchprogram"),
        ("command: [/bin/nosuch]", "a.yaml:1:1: warning: command: no such program: /bin/nosuch"),
        ("command: x\nenv_file: /no/such", "a.yaml:2:1: warning: env_file: /no/such: does not exist"),
    ],
)
def test_what_this_host_does_not_have_is_a_warning(run_cli: RunCli, write: WriteTexts, text: str, warning: str) -> None:
    write(a=text)
    result = run_cli("check")
    assert result.returncode == 0
    assert warning in result.stdout
    assert result.stderr == "1 task, no faults, 1 warning\n"


def test_a_wrong_line_in_an_env_file_is_a_warning_without_what_it_holds(
    run_cli: RunCli, write: WriteTexts, tmp_path: Path
) -> None:
    secrets = tmp_path / "env"
    secrets.write_text("A=1\nhunter2\n")
    secrets.chmod(0o600)
    write(a=f"command: x\nenv_file: {secrets}")
    result = run_cli("check")
    assert f"{secrets}:2: expected NAME=value" in result.stdout
    assert "hunter2" not in result.stdout + result.stderr


def test_an_env_file_that_every_user_can_read_is_a_warning(run_cli: RunCli, write: WriteTexts, tmp_path: Path) -> None:
    secrets = tmp_path / "env"
    secrets.write_text("A=1\n")
    secrets.chmod(0o644)
    write(a=f"command: x\nenv_file: {secrets}")
    assert f"warning: env_file: every user can read {secrets}" in run_cli("check").stdout
    secrets.chmod(0o640)
    assert run_cli("check").stdout == ""


def test_a_file_of_variables_that_is_meant_for_every_user_is_no_warning(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nenv_file: /etc/default/useradd\n")
    assert "every user" not in run_cli("check").stdout


def test_a_warning_for_a_default_stands_in_the_settings(run_cli: RunCli, write: WriteTexts, instance: Path) -> None:
    write(a="command: x")
    (instance / "automate.yaml").write_text("defaults:\n  cwd: /no/such")
    assert run_cli("check").stdout.startswith(f"{instance}/automate.yaml:2:1: warning: cwd")


def test_the_examples_have_no_faults(run_cli: RunCli) -> None:
    examples = sorted(map(str, (Path(__file__).parents[2] / "examples").glob("*.yaml")))
    assert len(examples) >= 12
    assert run_cli("check", *examples).returncode == 0


def test_a_task_that_follows_one_that_is_not_there_is_a_warning(
    run_cli: RunCli, write: WriteTexts, instance: Path
) -> None:
    write(a="command: x\nafter: backup", b="command: x\nafter: backpu", backup="command: x")
    result = run_cli("check")
    assert result.returncode == 0
    assert result.stdout == (
        f"{instance}/tasks.d/b.yaml:2:1: warning: after: no such task: backpu; did you mean backup?\n"
    )


def test_tasks_that_follow_each_other_in_a_circle_are_warned_of(
    run_cli: RunCli, write: WriteTexts, instance: Path
) -> None:
    write(a="command: x\nafter: b", b="command: x\nafter: {a: failed}", beside="command: x\nafter: a")
    result = run_cli("check")
    assert result.returncode == 0
    assert result.stdout == (
        f"{instance}/tasks.d/a.yaml:2:1: warning: after: follows itself (a after b after a): "
        "once one has run, they run without end\n"
        f"{instance}/tasks.d/b.yaml:2:1: warning: after: follows itself (b after a after b): "
        "once one has run, they run without end\n"
    )


def test_a_circle_with_a_disabled_task_in_it_is_none(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nafter: b", b="command: x\nafter: a\nenabled: false")
    assert run_cli("check").stdout == ""


def test_a_task_that_follows_itself_is_wrong(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\nafter: {a: failed}")
    result = run_cli("check")
    assert result.returncode == 78
    assert "a task cannot follow itself" in result.stdout


def test_files_that_follow_each_other_know_each_other(run_cli: RunCli, tmp_path: Path) -> None:
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text("command: x")
    second.write_text("command: x\nafter: first")
    assert run_cli("check", str(first), str(second)).stdout == ""


def test_a_condition_whose_program_is_not_there_is_a_warning(run_cli: RunCli, write: WriteTexts) -> None:
    write(a="command: x\ncondition: [no-such-program-anywhere]")
    assert ":2:1: warning: condition: no such program: no-such-program-anywhere" in run_cli("check").stdout


def test_a_file_that_looks_like_a_task_and_is_not_read_is_a_warning(run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d" / "Backup.YAML").write_text("command: x\n")
    result = run_cli("check")
    path = instance / "tasks.d" / "Backup.YAML"
    said = f"{path}:1:1: warning: is not read as a task: its name does not end in .yaml or .yml\n"
    assert (result.returncode, result.stdout) == (0, said)


@pytest.mark.parametrize("name", ["backup", "x.yaml.txt", "notes.txt", "prod/x.yaml"])
def test_of_a_file_that_is_not_read_check_says_so(run_cli: RunCli, instance: Path, name: str) -> None:
    path = instance / "tasks.d" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("command: x\n")
    assert f"{path}:1:1: warning: is not read as a task: " in run_cli("check", str(path)).stdout


def test_a_file_elsewhere_may_have_any_name_but_one_of_a_task_that_is_none(run_cli: RunCli, tmp_path: Path) -> None:
    for name in ("draft.txt", "x.yaml"):
        (tmp_path / name).write_text("command: x\n")
        assert run_cli("check", str(tmp_path / name)).stdout == ""
