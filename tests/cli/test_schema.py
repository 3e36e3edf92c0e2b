"""`automate schema`, with the real program."""

import json
from typing import Any

import jsonschema
import pytest

from tests.conftest import RunCli


@pytest.mark.parametrize(
    ("what", "key"), [((), "command"), (("task",), "command"), (("settings",), "defaults"), (("record",), "cause")]
)
def test_it_prints_a_json_schema(run_cli: RunCli, what: tuple[Any, ...], key: str) -> None:
    schema = json.loads(run_cli("schema", *what).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert key in schema["properties"]


def test_another_word_is_a_usage_error(run_cli: RunCli) -> None:
    assert run_cli("schema", "tasks").returncode == 2
