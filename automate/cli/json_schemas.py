"""The JSON Schema of what each command prints with --json."""

from typing import Any, TypedDict

import msgspec

from automate import run
from automate.cli.json_reports import Audit, DoctorCheck, Event, Explanation, Status, Timeline
from automate.cli.json_types import (
    CheckFinding,
    DryRun,
    DueTime,
    EditedTask,
    ExportedTask,
    Import,
    InstalledFile,
    PastChange,
    Pause,
    ShownTask,
    Task,
    TaskFile,
)
from automate.run import Record


class SchemaName(TypedDict):
    """A schema that there is."""

    schema: str
    about: str


LISTS: dict[str, tuple[Any, ...]] = {
    "at": ("The task that will run once.", EditedTask),
    "cat": ("Files of tasks.", TaskFile),
    "check": ("Errors and warnings of task files and settings.", CheckFinding),
    "copy": ("The copy of a task.", EditedTask),
    "disable": ("Tasks that were disabled.", EditedTask),
    "doctor": ("Checks of the installation.", DoctorCheck),
    "edit": ("Tasks that were changed; with --versions the changes.", EditedTask, PastChange),
    "enable": ("Tasks that were enabled.", EditedTask),
    "export": ("Tasks as a crontab or as units.", ExportedTask),
    "install": ("Files of the scheduler, manual pages and completion.", InstalledFile),
    "list": ("Tasks in short.", Task),
    "new": ("The task that was created.", EditedTask),
    "next": ("Due times.", DueTime),
    "pause": ("Pauses that were made or changed.", Pause),
    "remove": ("Tasks that were removed.", EditedTask),
    "rename": ("The task under its new name.", EditedTask),
    "resume": ("Pauses that were ended.", Pause),
    "schema": ("Names of the schemas.", SchemaName),
    "show": ("Tasks in full.", ShownTask),
    "stop": ("Records of the runs that were stopped.", Record),
    "wait": ("Records of the runs.", Record),
    "why": ("Explanations.", Explanation),
}
"""The lists that commands print, and the types of their items."""

EVENT = "event"
OBJECTS: dict[str, tuple[Any, ...]] = {
    "audit": ("Due times that lack their record.", Audit),
    "import": ("Lines of crontabs and the tasks made of them.", Import),
    "status": ("Health.", Status),
    "timeline": ("Runs of a day.", Timeline),
}

OF_RECORDS = {
    "history": "Records, and runs under way.",
    "log": "Records of runs, each with its output as `text`.",
    "run": "Records of the runs, without an outcome if detached; with --dry-run what would be run.",
}


def abouts() -> dict[str, str]:
    """Return what there is a schema of, with a sentence on each."""
    first = {
        "task": "Task files.",
        "settings": "The settings, automate.yaml.",
        "record": "A record: a line of the run log.",
        "event": "What serve and tick write with --jsonl.",
    }
    of_types = {verb: about for verb, (about, *_) in (LISTS | OBJECTS).items()}
    return first | dict(sorted((of_types | OF_RECORDS).items()))


def schema(verb: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what a command prints with --json."""
    if verb in OF_RECORDS:
        item, definitions = _with_records(verb)
    elif verb == EVENT:
        (item,), definitions = msgspec.json.schema_components([Event], ref_template="#/$defs/{name}")
    else:
        kinds = (LISTS | OBJECTS)[verb][1:]
        items, definitions = msgspec.json.schema_components(kinds, ref_template="#/$defs/{name}")
        item = items[0] if len(items) == 1 else {"anyOf": [*items]}
        if "Record" in definitions:
            definitions |= _records()
    whole = item if verb in {*OBJECTS, EVENT} else {"type": "array", "items": item}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"automate {verb} --json" if verb != EVENT else "an event of automate serve and tick",
        **whole,
        "$defs": dict(sorted(definitions.items())),
    }


def _records() -> dict[str, Any]:
    """Return the definition of a record, and of what it needs."""
    record = run.schema()
    of_pause = record.pop("$defs")
    del record["$schema"], record["title"]
    return {"Record": record, **of_pause}


def _with_records(verb: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the item of a list of records, and definitions.

    A run that has not ended has neither outcome nor end.
    """
    definitions = _records()
    record = definitions["Record"]
    for key in ("outcome", "ended"):
        record["properties"][key] = {"anyOf": [record["properties"][key], {"type": "null"}]}
    if verb == "log":
        record["properties"]["text"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        record["required"].append("text")
    item: dict[str, Any] = {"$ref": "#/$defs/Record"}
    if verb == "run":
        (dry,), more = msgspec.json.schema_components([DryRun], ref_template="#/$defs/{name}")
        return {"anyOf": [item, dry]}, definitions | more
    return item, definitions
