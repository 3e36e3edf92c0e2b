"""JSON Schemas (2020-12) of task files and settings, for editors; made from the same table by which files are read."""

from typing import Any

import msgspec

from automate.task import Task
from automate.taskfile import keys

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def task_schema() -> dict[str, Any]:
    """Return the JSON Schema of task files, with built-in defaults, since an editor cannot know the settings."""
    properties = {key: {**about, **_default(key)} for key, about in keys.task.schema["properties"].items()}
    return {
        "$schema": _DIALECT,
        "title": "automate: a task file",
        **keys.task.schema,
        "properties": properties,
        "required": ["command"],
    }


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of the settings; empty settings are valid."""
    return {"$schema": _DIALECT, "title": "automate: the settings", **keys.settings.schema, "type": ["object", "null"]}


def _default(key: str) -> dict[str, Any]:
    """Return the built-in default as it would be written, if it is a plain value rather than "none" or a mapping."""
    value = _DEFAULTS[key]
    return {"default": value} if isinstance(value, str | bool) and value != "" else {}


_DEFAULTS = {field.encode_name: field.default for field in msgspec.structs.fields(Task)} | {
    "schedule": "manual",
    "umask": "022",
    "kill_after": "10s",
    "jitter": "0s",
}
