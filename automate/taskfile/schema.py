"""JSON Schemas (2020-12) of task files and settings, for editors; made from the same table by which files are read."""

from typing import Any

import msgspec

from automate.task import Task
from automate.taskfile import keys

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def task_schema() -> dict[str, Any]:
    """What a task file may hold. An editor cannot know defaults from the settings; it shows the built-in ones."""
    properties = {key: {**about, **_default(key)} for key, about in keys.task.schema["properties"].items()}
    return {
        "$schema": _DIALECT,
        "title": "automate: a task file",
        **keys.task.schema,
        "properties": properties,
        "required": ["command"],
    }


def settings_schema() -> dict[str, Any]:
    """What the settings may hold; empty settings are settings too."""
    return {"$schema": _DIALECT, "title": "automate: the settings", **keys.settings.schema, "type": ["object", "null"]}


def _default(key: str) -> dict[str, Any]:
    """The built-in default as it would be written, where it is a plain value rather than "none" or a mapping."""
    value = _DEFAULTS[key]
    return {"default": value} if isinstance(value, str | bool) and value != "" else {}


_DEFAULTS = {field.encode_name: field.default for field in msgspec.structs.fields(Task)} | {
    "schedule": "manual",
    "umask": "022",
    "kill_after": "10s",
    "jitter": "0s",
}
