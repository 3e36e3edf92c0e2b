"""What a command says to type next means the instance that it was about itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from automate import paths
from automate.cli.commands import VERBS
from tests.conftest import RunCli, WriteTask

_OURS = re.compile(rf"\bautomate (?=(?:-C \S+ )?(?:{'|'.join(VERBS)})\b)(?!\S+ --help)")
CRONTAB = "0 0 * * * /opt/dump.sh\n0 1 * * * /opt/other\n"
WRONG = "".join(f"key{number}: 1\n" for number in range(9))

LINES = {
    "made": ["new", "fresh", "--command", "true"],
    "made again": ["new", "x", "--command", "true"],
    "started": ["run", "x", "--detach"],
    "paused": ["pause", "x"],
    "all paused": ["pause", "--all"],
    "all paused while one runs": ["pause", "slow"],
    "paused more than once": ["resume", "held"],
    "resumed": ["resume"],
    "listed while paused": ["list"],
    "changed": ["edit", "x", "--set", "nice=5"],
    "undone": ["edit", "--undo", "edited"],
    "switched": ["disable", "x"],
    "removed": ["remove", "--yes", "x"],
    "imported": ["import", "crontab", "--force", "-"],
    "never ran": ["log", "never"],
    "no such run": ["log", "#99"],
    "no such task": ["show", "nothing-like-it"],
    "explained": ["why", "x", "held", "broken"],
    "examined": ["doctor", "--verbose"],
}


def hints(said: str) -> list[str]:
    """What follows `automate ` in each command line of ours."""
    return [said[found.end() :] for found in _OURS.finditer(said)]


@pytest.fixture
def used(task: WriteTask, run_cli: RunCli, instance: Path) -> Iterator[Path]:
    """An instance with all that there may be something to say of."""
    for name in ("x", "never", "held", "edited", "dump"):
        task(name, "true", schedule="hourly" if name != "never" else "manual")
    task("slow", "sleep 60")
    (instance / "tasks.d" / "broken.yaml").write_text(WRONG)
    run_cli("edit", "edited", "--set", "nice=1")
    run_cli("run", "slow", "--detach")
    run_cli("pause", "held")
    run_cli("pause", "--all")
    yield instance
    run_cli("stop", "slow")


@pytest.mark.usefixtures("used")
def test_each_command_that_is_named_means_the_same_instance(run_cli: RunCli) -> None:
    said = {}
    for what, words in LINES.items():
        done = run_cli(*words, input=CRONTAB)
        said[what] = hints(f"{done.stdout}\n{done.stderr}")
    without = {what: found for what, each in said.items() if (found := [line for line in each if line[:2] != "-C"])}
    assert not without, json.dumps(without, indent=1)
    silent = [what for what, each in said.items() if not each]
    assert silent == ["no such task"], "these lines say no more what they are here for"


def test_without_tasks_it_is_said_how_to_make_one(run_cli: RunCli, instance: Path) -> None:
    said = run_cli("list").stderr
    assert f"automate -C {instance} new NAME creates one" in said
    assert len(hints(said)) == 2


def test_a_directory_with_a_space_is_quoted(run_cli: RunCli, instance: Path) -> None:
    there = instance / "my tasks"
    (there / "tasks.d").mkdir(parents=True)
    assert f"automate -C '{there}' resume ends it" in run_cli("pause", "--all", dir=there).stderr


def test_the_usual_instance_needs_no_option() -> None:
    assert paths.of_system().command("edit", "--undo", "x") == "automate edit --undo x"
