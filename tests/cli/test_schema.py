"""`automate schema`, and what commands print with --json, held against it."""

import gc
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from automate.cli import json_schemas
from automate.cli.root import root
from automate.cli.shell import Shell
from tests.conftest import RunCli, WriteTask

FILES = ("task", "settings", "record", "event")


@pytest.mark.parametrize(("what", "key"), [("task", "command"), ("settings", "defaults"), ("record", "cause")])
def test_it_prints_the_schema_of_a_file(run_cli: RunCli, what: str, key: str) -> None:
    schema = json.loads(run_cli("schema", what).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert key in schema["properties"]


def test_another_word_is_a_usage_error(run_cli: RunCli) -> None:
    done = run_cli("schema", "tasks")
    assert (done.returncode, "there is no schema tasks" in done.stderr) == (2, True)


def test_without_a_name_it_lists_the_schemas(run_cli: RunCli) -> None:
    assert "next      Due times." in run_cli("schema").stdout


def test_every_schema_is_valid() -> None:
    for verb in [*json_schemas.abouts()][len(FILES) - 1 :]:
        jsonschema.Draft202012Validator.check_schema(json_schemas.schema(verb))


def closed(schema: Any) -> Any:
    """Let the objects of a schema have no other keys, so that each key that is printed must be in it."""
    if isinstance(schema, dict):
        if "properties" in schema and "Settings" not in schema.get("title", ""):
            schema["additionalProperties"] = False
        for inner in schema.values():
            closed(inner)
    for inner in schema if isinstance(schema, list) else ():
        closed(inner)
    return schema


READING = frozenset({
    "audit", "cat", "check", "doctor", "export", "history", "list", "log", "next", "schema", "show", "status",
    "timeline", "why",
})  # fmt: skip
"""Commands that are run in this process, which takes a tenth of the time."""


@pytest.fixture
def printed(run_cli: RunCli, instance: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., str]]:
    """Return what a command prints."""

    def run(verb: str, *words: str) -> str:
        if verb not in READING:
            return run_cli(verb, *words).stdout
        with root.make_context("automate", ["-C", str(instance), verb, *words], obj=Shell()) as context:
            root.invoke(context)
        return capsys.readouterr().out

    yield run
    gc.enable()  # which commands turn off


def test_what_is_printed_is_as_the_schema_says(printed: Callable[..., str], task: WriteTask, instance: Path) -> None:
    """One walk through the commands of an instance, since most need what the ones before have made."""
    tried = set()

    def check(verb: str, *words: str, least: int = 1) -> None:
        schema = closed(deepcopy(json_schemas.schema(verb)))
        found = json.loads(printed(verb, "--json", *words))
        jsonschema.Draft202012Validator(schema).validate(found)
        item = {key: schema[key] for key in ("$schema", "$defs")} | schema.get("items", schema)
        for line in printed(verb, "--jsonl", *words).splitlines() if verb in READING else ():
            jsonschema.Draft202012Validator(item).validate(json.loads(line))
        assert isinstance(found, dict) or len(found) >= least, (verb, words)
        tried.add(verb)

    check("list", least=0)
    check("history", least=0)
    check("new", "nightly", "--command", "echo out; exit 3", "--schedule", "daily at 02:00", "--set", "category=db")
    check("copy", "nightly", "weekly")
    task("broken", "true", schedule="whenever")
    task("following", "true", after="nightly")
    task("slow", "exec sleep 60", locks=["disk"])
    check("run", "following", "nightly")
    check("run", "nightly", "--dry-run")
    check("run", "slow", "--detach")
    check("pause", "weekly", "--for", "1h", "--reason", "new disks")
    check("edit", "nightly", "--set", "nice=5")
    check("edit", "nightly", "--versions")
    check("wait", "nightly")
    check("disable", "following")
    check("enable", "following")
    for verb in ("list", "history", "log", "next", "timeline", "status", "doctor", "audit"):
        check(verb)
    check("check")
    check("cat", "nightly")
    check("at", "in 1h", "--", "true")
    check("next", "--schedule", "hourly")
    check("show", "*", least=5)
    check("why", "*", least=5)
    check("export", "crontab")
    check("export", "systemd")
    check("stop", "slow")
    check("resume", "weekly")
    check("rename", "weekly", "sundays")
    check("remove", "sundays", "--yes")
    (instance / "crontab").write_text("0 3 * * * true\n0 25 * * * false\n")
    check("import", "crontab", str(instance / "crontab"), "--form", "user")
    check("install", "cron", "--dry-run", "--root", str(instance))
    check("schema", least=20)
    assert tried == {*json_schemas.abouts()} - {*FILES}


@pytest.mark.parametrize("options", [("--json", "--jsonl"), ("--jsonl", "--json")])
def test_two_formats_are_a_usage_error(run_cli: RunCli, options: tuple[str, ...]) -> None:
    done = run_cli("list", *options)
    assert (done.returncode, "cannot be combined" in done.stderr) == (2, True)
