"""`automate pause` and `automate resume`, with the real program."""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate import paths
from automate.outcomes import Pause
from automate.state import open_state, pauses
from tests.cli.terminal import Terminal
from tests.conftest import RunCli, Until


@pytest.fixture(autouse=True)
def _tasks(instance: Path) -> None:
    """Three of them."""
    for name in ("backup", "borg", "mail"):
        (instance / "tasks.d" / f"{name}.yaml").write_text("command: 'true'\nschedule: daily at 02:00\n")


@pytest.fixture
def held(run_cli: RunCli) -> Callable[[], list[str]]:
    """`held()`: the tasks in state paused, by `list`."""
    return lambda: [task["task"] for task in json.loads(run_cli("list", "--status", "paused", "--json").stdout)]


@pytest.fixture
def pause_of(run_cli: RunCli) -> Callable[[str], Any]:
    """`pause_of("x")` as `list --json` has it."""
    return lambda name: json.loads(run_cli("list", name, "--json").stdout)[0]["pause"]


@pytest.fixture
def kept(instance: Path) -> Callable[[float], dict[str, Pause]]:
    """`kept(instant)`: what the state tells the scheduler of pauses after an instant."""

    def read(instant: float) -> dict[str, Pause]:
        state = open_state(paths.of_directory(str(instance)))
        try:
            return {pause.task: pause for pause in pauses.pauses_after(state, instant)}  # the newest of each task
        finally:
            state.close()

    return read


def test_pause_one(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    assert run_cli("pause", "backup").returncode == 0
    assert held() == ["backup"]


def test_pause_those_that_a_glob_means(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "b*")
    assert held() == ["backup", "borg"]


def test_pause_all_without_a_name_and_those_that_come_later_too(
    run_cli: RunCli, held: Callable[[], list[str]], instance: Path
) -> None:
    run_cli("pause", "--all")
    (instance / "tasks.d" / "new.yaml").write_text("command: 'true'\n")
    assert held() == ["backup", "borg", "mail", "new"]


def test_pause_says_what_happens_next(run_cli: RunCli) -> None:
    said = run_cli("pause", "backup", "--until", "2037-01-01 12:00", "--reason", "new disks").stderr
    assert re.fullmatch(
        r"backup: paused until 2037-01-01 12:00 \+01:00, by \S+: new disks; "
        r"due times are recorded as skipped; automate -C \S+ resume backup ends it\n",
        said,
    )


def test_pause_without_an_end_it_holds_until_resumed(run_cli: RunCli, pause_of: Callable[[str], Any]) -> None:
    assert "backup: paused until resumed, by " in run_cli("pause", "backup").stderr
    assert pause_of("backup")["until"] is None


def test_pause_who_is_the_user_behind_sudo(run_cli: RunCli, pause_of: Callable[[str], Any]) -> None:
    run_cli("pause", "backup", env={"SUDO_USER": "carla"})
    assert pause_of("backup")["by"] == ("carla" if os.geteuid() == 0 else pause_of("backup")["by"])


def test_pause_for_so_long(run_cli: RunCli, kept: Callable[[float], dict[str, Pause]]) -> None:
    run_cli("pause", "backup", "--for", "1h 30m")
    pause = kept(0)["backup"]
    assert pause.until == pytest.approx(time.time() + 5400, abs=60)
    assert pause.since == pytest.approx(time.time(), abs=60)


def test_pause_ends_by_itself(run_cli: RunCli, held: Callable[[], list[str]], until: Until) -> None:
    run_cli("pause", "--all", "--for", "1s")
    until(lambda: held() == [])


def test_pause_once_more_changes_only_what_it_is_told_to(
    run_cli: RunCli, kept: Callable[[float], dict[str, Pause]]
) -> None:
    run_cli("pause", "backup", "--for", "1h", "--reason", "disks")
    before = kept(0)["backup"]
    run_cli("pause", "backup", "--reason", "more disks")
    assert kept(0)["backup"] == before._replace(reason="more disks")
    run_cli("pause", "backup", "--until", "2037-01-01")
    after = kept(0)["backup"]
    assert (after.until != before.until, after.reason, after.since) == (True, "more disks", before.since)
    run_cli("pause", "backup", "--reason", "")
    assert kept(0)["backup"] == after._replace(reason="")


def test_a_new_pause_takes_nothing_from_one_that_has_ended(
    run_cli: RunCli, kept: Callable[[float], dict[str, Pause]]
) -> None:
    run_cli("pause", "backup", "--for", "1h", "--reason", "disks")
    run_cli("resume", "backup")
    run_cli("pause", "backup")
    assert (kept(0)["backup"].until, kept(0)["backup"].reason) == (None, "")


def test_in_a_script_all_tasks_are_paused_only_with_all(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    done = run_cli("pause")
    assert (done.returncode, held()) == (2, [])
    assert "--all" in done.stderr


def test_on_a_terminal_it_says_what_it_will_do_and_asks(
    run_cli: RunCli, instance: Path, environment: dict[str, str], held: Callable[[], list[str]]
) -> None:
    words = [sys.executable, "-m", "automate", "-C", str(instance), "pause"]
    shown = Terminal(words, environment, columns=200)
    shown.wait_for("All tasks (3, and those added later) will be paused until resumed")
    shown.type("n\n")
    assert (shown.end(), held()) == (1, [])
    run_cli("pause", "--all", "--reason", "disks")
    shown = Terminal([*words, "--until", "2037-01-01"], environment, columns=200)
    shown.wait_for(": disks. They will be paused until 2037-01-01 00:00 +01:00")
    shown.type("y\n")
    shown.wait_for("paused until 2037-01-01")
    assert shown.end() == 0


def test_pause_after_it_has_ended_it_is_a_new_one(run_cli: RunCli, kept: Callable[[float], dict[str, Pause]]) -> None:
    run_cli("pause", "backup")
    run_cli("resume", "backup")
    before = time.time()
    run_cli("pause", "backup")
    assert kept(0)["backup"].since >= before - 1


@pytest.mark.parametrize(
    "options",
    [
        ("--for", "1h", "--until", "tomorrow"),
        ("--for", "0s"),
        ("--for", "5"),
        ("--until", "yesterday"),
        ("--until", "soon"),
    ],
)
def test_an_end_that_is_none_is_a_mistake_in_typing(
    run_cli: RunCli, held: Callable[[], list[str]], options: tuple[Any, ...]
) -> None:
    assert run_cli("pause", "backup", *options).returncode == 2
    assert held() == []


def test_pause_a_task_that_is_not_there_is_4_and_nothing_is_paused(
    run_cli: RunCli, held: Callable[[], list[str]]
) -> None:
    assert run_cli("pause", "backup", "nothing-like-it").returncode == 4
    assert held() == []


def test_pause_json(run_cli: RunCli) -> None:
    (one,) = json.loads(run_cli("pause", "backup", "--until", "2037-01-01", "--json").stdout)
    assert (one["task"], one["until"], one["reason"]) == ("backup", "2037-01-01T00:00:00+01:00", None)
    assert json.loads(run_cli("pause", "--all", "--json").stdout)[0]["task"] is None


def test_pause_quiet_says_nothing(run_cli: RunCli) -> None:
    assert run_cli("pause", "backup", "--quiet").stderr == ""


def test_pause_what_runs_goes_on_and_is_told(run_cli: RunCli, instance: Path, until: Until) -> None:
    (instance / "tasks.d" / "long.yaml").write_text(f"command: touch began; sleep 60\ncwd: {instance}\n")
    run_cli("run", "long", "--detach")
    until((instance / "began").exists)
    assert "long #1: is running and continues" in run_cli("pause", "--all").stderr
    assert re.search(r"long +running", run_cli("list", "long").stdout)
    run_cli("stop", "long")


def test_pause_by_hand_it_runs_all_the_same(run_cli: RunCli) -> None:
    run_cli("pause", "--all")
    assert run_cli("run", "backup").returncode == 0


def test_pause_control_characters_in_a_reason_are_shown_harmless(run_cli: RunCli) -> None:
    said = run_cli("pause", "--all", "--reason", "a\x1b]0;x\x07b").stderr + run_cli("list").stderr
    assert "\\x1b" in said
    assert "\x1b" not in said


def test_in_the_list_with_its_end(run_cli: RunCli) -> None:
    run_cli("pause", "backup", "--until", "2037-01-01 12:00")
    assert re.search(r"backup +paused until 2037-01-01 12:00 \+01:00 ", run_cli("list").stdout)


def test_next_run_is_told_if_it_comes_after_the_end(run_cli: RunCli, instance: Path) -> None:
    task = "command: 'true'\nschedule: '2037-01-01 00:00'\ntimezone: Europe/Berlin\n"
    (instance / "tasks.d" / "backup.yaml").write_text(task)
    run_cli("pause", "--all", "--until", "2038-01-01")
    assert "2037-01-01 00:00 +01:00" not in run_cli("list", "backup").stdout
    run_cli("pause", "--all", "--until", "2036-01-01")
    assert "2037-01-01 00:00 +01:00" in run_cli("list", "backup").stdout


def test_the_pause_of_all_is_talk(run_cli: RunCli) -> None:
    run_cli("pause", "--all", "--until", "2037-01-01", "--reason", "moving house")
    said = run_cli("list").stderr
    assert re.fullmatch(
        r"all tasks are paused until 2037-01-01 00:00 \+01:00, by \S+: moving house; automate -C \S+ resume ends it\n",
        said,
    )


def test_of_two_pauses_the_longer_one_counts(run_cli: RunCli, pause_of: Callable[[str], Any]) -> None:
    run_cli("pause", "--all", "--until", "2037-01-01")
    run_cli("pause", "backup", "--until", "2038-01-01")
    run_cli("pause", "mail", "--until", "2036-01-01")
    ends = [pause_of(name)["until"][:4] for name in ("backup", "mail")]
    assert ends == ["2038", "2037"]


def test_a_disabled_task_is_disabled_and_paused(run_cli: RunCli, instance: Path, held: Callable[[], list[str]]) -> None:
    (instance / "tasks.d" / "off.yaml").write_text("command: 'true'\nenabled: false\n")
    run_cli("pause", "off")
    assert re.search(r"off +disabled", run_cli("list").stdout)
    assert held() == ["off"]


def test_paused_shown_by_show(run_cli: RunCli) -> None:
    run_cli("pause", "backup", "--until", "2037-01-01", "--reason", "new disks")
    shown = run_cli("show", "backup").stdout
    assert re.search(r"paused +until 2037-01-01 00:00 \+01:00, by \S+: new disks\n", shown)
    assert json.loads(run_cli("show", "backup", "--json").stdout)[0]["pause"]["reason"] == "new disks"
    assert "until 2037" not in run_cli("show", "mail").stdout


def test_resume_one(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "b*")
    result = run_cli("resume", "backup")
    assert (result.returncode, result.stderr) == (0, "backup: resumed\n")
    assert held() == ["borg"]


def test_resume_those_that_a_glob_means_and_that_are_paused(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "backup", "mail")
    assert run_cli("resume", "*").stderr == "backup: resumed\nmail: resumed\n"
    assert held() == []


def test_resume_all(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "--all")
    assert run_cli("resume", "--all").stderr == "all tasks: resumed\n"
    assert held() == []


def test_resume_all_leaves_those_that_are_paused_by_themselves_and_says_so(
    run_cli: RunCli, held: Callable[[], list[str]]
) -> None:
    run_cli("pause", "--all")
    run_cli("pause", "backup")
    said = run_cli("resume").stderr
    assert re.search(r"still paused individually: backup; automate \S+ \S+ resume backup\n", said)
    assert held() == ["backup"]


def test_resume_one_while_all_are_paused_says_so(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "--all", "--reason", "moving house")
    run_cli("pause", "backup")
    said = run_cli("resume", "backup").stderr
    assert said.startswith("backup: resumed\nall tasks are still paused until resumed, by ")
    assert said.endswith(" resume ends it\n")
    assert "backup" in held()


def test_resume_what_is_not_paused_is_3_and_nothing_is_resumed(run_cli: RunCli, held: Callable[[], list[str]]) -> None:
    run_cli("pause", "backup")
    result = run_cli("resume", "backup", "mail")
    assert result.returncode == 3
    assert "mail is not paused" in result.stderr
    assert held() == ["backup"]


def test_resume_what_only_the_pause_of_all_holds_is_3_and_says_so(run_cli: RunCli) -> None:
    run_cli("pause", "--all")
    result = run_cli("resume", "backup")
    assert result.returncode == 3
    assert "backup is not paused by itself, but all tasks are, by " in result.stderr


def test_resume_all_when_nothing_is_paused_is_3(run_cli: RunCli) -> None:
    result = run_cli("resume")
    assert (result.returncode, result.stderr) == (3, "automate: nothing is paused\n")


def test_resume_all_when_only_some_are_paused_is_3_and_names_them(run_cli: RunCli) -> None:
    run_cli("pause", "backup", "mail")
    result = run_cli("resume")
    assert result.returncode == 3
    assert "only these are paused: backup, mail; name them" in result.stderr


def test_resume_a_task_that_is_not_there_is_4(run_cli: RunCli) -> None:
    assert run_cli("resume", "nothing-like-it").returncode == 4


def test_resume_a_task_whose_file_is_gone(run_cli: RunCli, instance: Path) -> None:
    run_cli("pause", "backup")
    (instance / "tasks.d" / "backup.yaml").unlink()
    assert run_cli("resume", "backup").returncode == 0


def test_resume_json_is_what_was_ended(run_cli: RunCli) -> None:
    run_cli("pause", "backup", "--until", "2037-01-01", "--reason", "x")
    (one,) = json.loads(run_cli("resume", "backup", "--json").stdout)
    assert (one["task"], one["until"], one["reason"]) == ("backup", "2037-01-01T00:00:00+01:00", "x")


def test_resume_that_it_held_is_still_known_for_due_times_not_decided_yet(
    run_cli: RunCli, kept: Callable[[float], dict[str, Pause]]
) -> None:
    run_cli("pause", "backup")
    run_cli("resume", "backup")
    pause = kept(0)["backup"]
    assert pause.until is not None
    assert pause.since < pause.until <= time.time()
    assert kept(time.time()) == {}


def test_what_falls_due_is_on_record_with_who_and_why(run_cli: RunCli, instance: Path, until: Until) -> None:
    (instance / "tasks.d" / "often.yaml").write_text("command: 'true'\nschedule: every 1s\n")
    run_cli("tick")
    run_cli("pause", "often", "--reason", "new disks", env={"SUDO_USER": ""})

    def skipped() -> Any:
        run_cli("tick")
        lines = run_cli("history", "often", "--status", "skipped", "--jsonl").stdout.splitlines()
        return [json.loads(line)["reason"] for line in lines]

    assert re.fullmatch(r"paused by \S+: new disks", until(skipped)[0])
