"""The JSON Schemas agree with what is read."""

from typing import Any

import jsonschema
import pytest

from automate.taskfile import keys
from automate.taskfile.nodes import tree
from automate.taskfile.parsing import settings_schema, task_schema
from tests.taskfile.cases import ACCEPTED, BEYOND_A_SCHEMA, COMMANDS, REFUSED
from tests.taskfile.plain import plain

TASK = jsonschema.Draft202012Validator(task_schema())
SETTINGS = jsonschema.Draft202012Validator(settings_schema())


def value(text: str) -> Any:
    return plain(tree(text.encode(), "f"))


@pytest.mark.parametrize("schema", [task_schema(), settings_schema()], ids=["task", "settings"])
def test_it_is_a_json_schema(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("text", [case[0] for case in ACCEPTED])
def test_what_is_read_fits(text: str) -> None:
    TASK.validate(value(f"command: x\n{text}\n"))


@pytest.mark.parametrize("text", [case[0] for case in COMMANDS])
def test_a_command_fits(text: str) -> None:
    TASK.validate(value(text))


@pytest.mark.parametrize("text", [case[0] for case in REFUSED if not case[0].startswith((*BEYOND_A_SCHEMA, "[a]: b"))])
def test_what_is_refused_does_not_fit(text: str) -> None:
    assert not TASK.is_valid(value(f"command: x\n{text}\n"))


@pytest.mark.parametrize("text", ["user: x", "command: []", "command: {}", "command: ''", "- a"])
def test_what_has_no_command_does_not_fit(text: str) -> None:
    assert not TASK.is_valid(value(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "defaults: {timeout: 2h, env: {A: 1}}",
        "task_dirs: [a, b]",
        "task_dirs: a",
        "group: adm",
        "max_running: 3",
        "host: db-1.example.org",
        "log_output: failed",
        "calendars: {a: 12-24, b: [2026-12-24..2027-01-01]}",
    ],
)
def test_settings_fit(text: str) -> None:
    SETTINGS.validate(value(text))


@pytest.mark.parametrize(
    "text",
    [
        "defaults: {command: x}",
        "calendars: {A: 12-24}",
        "calendars: {a: [[]]}",
        "max_running: 0",
        "host: a b",
        "log_output: some",
        "defaults: []",
        "task_dirs: ~/x",
    ],
)
def test_what_settings_cannot_say_does_not_fit(text: str) -> None:
    assert not SETTINGS.is_valid(value(text))


def test_each_key_is_described_in_one_sentence() -> None:
    tables = (keys.TASK, keys.RETRIES, keys.EXIT_CODES, keys.OUTPUT, keys.LIMITS, keys.SETTINGS)
    for key in (key for table in tables for key in table.values()):
        assert key.doc.endswith(".")
        assert "\n" not in key.doc


def test_built_in_defaults_are_shown() -> None:
    assert task_schema()["properties"]["shell"]["default"] == "/bin/sh"
    assert task_schema()["properties"]["enabled"]["default"] is True
    assert "default" not in task_schema()["properties"]["timeout"]
