"""`automate schema`, with the real program."""

import json

import jsonschema
import pytest


@pytest.mark.parametrize(
    ("what", "key"), [((), "command"), (("task",), "command"), (("settings",), "defaults"), (("record",), "cause")]
)
def test_it_prints_a_json_schema(run_cli, what, key):
    schema = json.loads(run_cli("schema", *what).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert key in schema["properties"]


def test_another_word_is_a_usage_error(run_cli):
    assert run_cli("schema", "tasks").returncode == 2
