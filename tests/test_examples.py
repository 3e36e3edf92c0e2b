"""Every example is a task file that can be copied and used."""

import subprocess
from pathlib import Path

import jsonschema
import pytest

from automate.cli.commands.status import command as status
from automate.cli.shell import Shell
from automate.settings import Settings
from automate.task import Task
from automate.taskfile import discover, parse_task, read
from automate.taskfile.nodes import tree
from automate.taskfile.parsing import task_schema
from tests.taskfile.plain import plain

EXAMPLES = Path(__file__).parent.parent / "examples"
FILES = sorted(EXAMPLES.glob("*.yaml"))

each_example = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


def task(file: Path) -> Task:
    return parse_task(read(str(file), owner=None), file=str(file), name=file.stem, settings=Settings())


def test_there_are_examples_of_many_trades() -> None:
    assert len(FILES) >= 14


def test_all_examples_are_found_without_a_fault() -> None:
    found = discover([str(EXAMPLES)])
    assert sorted(found) == [file.stem for file in FILES]
    assert not any(example.faults for example in found.values())


@each_example
def test_it_loads_without_a_fault(file: Path) -> None:
    assert task(file).name == file.stem


@each_example
def test_it_says_what_it_does_and_when(file: Path) -> None:
    example = task(file)
    assert example.description
    assert example.category
    assert example.schedule != ("manual",)


@each_example
def test_it_fits_the_schema(file: Path) -> None:
    jsonschema.validate(plain(tree(file.read_bytes(), str(file))), task_schema())


@each_example
def test_its_command_is_a_shell_script_or_a_list(file: Path) -> None:
    command = task(file).command
    if isinstance(command, str):
        checked = subprocess.run(["sh", "-n"], input=command, text=True, capture_output=True, timeout=10, check=False)
        assert (checked.returncode, checked.stderr) == (0, "")
    else:
        assert all(command)


def test_the_checks_of_monitoring_can_be_typed() -> None:
    lines = (EXAMPLES / "nrpe-automate.cfg").read_text().splitlines()
    typed = [line.partition("/automate ")[2].split() for line in lines if line.startswith("command[")]
    assert len(typed) >= 4
    for verb, *arguments in typed:
        assert verb == "status"
        status.make_context(verb, arguments, obj=Shell())
