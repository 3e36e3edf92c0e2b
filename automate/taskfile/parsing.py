"""The content of a file -> a Task or the Settings, or all of its faults at once."""

import os
from collections.abc import Mapping
from typing import Any

from automate.settings import Settings
from automate.task import ExitCodes, Limits, OutputRules, Retries, Task
from automate.taskfile import keys
from automate.taskfile.cross_checks import note_disagreements
from automate.taskfile.fault import BadTaskFile
from automate.taskfile.nodes import Node, tree
from automate.taskfile.readers import BAD, Reader, Sheet

_STRUCTS = {"retries": Retries, "exit_codes": ExitCodes, "output": OutputRules, "limits": Limits}


def parse_task(data: bytes, *, file: str, name: str, settings: Settings) -> Task:
    """Read a task file's content, with the settings' defaults under it; BadTaskFile with every fault there is."""
    sheet = Sheet(file)
    own = _own(data, sheet)
    if "command" not in sheet.places:
        sheet.note(None, "command", "required key is missing")
    values = merged(settings.defaults, own)
    note_disagreements(values, sheet, seed=name, calendars=settings.calendars)
    sheet.close()
    for key, struct in _STRUCTS.items():
        if key in values:
            values[key] = struct(**values[key])
    if "except" in values:
        values["exceptions"] = values.pop("except")
    return Task(name=name, file=file, **values)


def parse_settings(data: bytes, file: str) -> Settings:
    """Read the settings' content; an empty file is as good as none."""
    sheet = Sheet(file)
    root = tree(data, file)
    if root is None:
        return Settings(file=file)
    values = _taken(root, keys.settings, sheet)
    defaults = values.get("defaults", {})
    note_disagreements(defaults, sheet, seed="", within="defaults.", calendars=values.get("calendars", {}))
    sheet.close()
    return Settings(
        file=file,
        defaults=defaults,
        lines=_lines(sheet, "defaults."),
        task_dirs=tuple(os.path.join(os.path.dirname(file), path) for path in values.get("task_dirs", ())),
        group=values.get("group"),
        calendars=values.get("calendars", {}),
        max_running=values.get("max_running"),
        log_output=values.get("log_output", "none"),
        host=values.get("host"),
    )


def origins(data: bytes, *, file: str, settings: Settings) -> dict[str, str]:
    """Return the origin of each effective value: `built_in`, or `FILE:LINE` of the settings or the task file.

    The keys are those of a task; entries of mappings have keys of their own, dotted (`retries.delay`, `env.PATH`).
    """
    sheet = Sheet(file)
    _own(data, sheet)
    by_default = {key: f"{settings.file}:{line}" for key, line in settings.lines.items()}
    own = {key: f"{file}:{line}" for key, line in _lines(sheet).items()}
    return dict.fromkeys(keys.TASK, "built_in") | by_default | own


def merged(defaults: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings entry by entry; otherwise a task's own keys replace the defaults."""
    values = {**defaults, **own}
    for key in keys.MAPPINGS & own.keys() & defaults.keys():
        values[key] = {**defaults[key], **own[key]}
    return values


def _own(data: bytes, sheet: Sheet) -> dict[str, Any]:
    """Read the task file's own keys, as far as possible."""
    root = tree(data, sheet.file)
    if root is None:
        raise BadTaskFile.of_whole(sheet.file, "is empty: expected at least 'command: ...'")
    return _taken(root, keys.task, sheet)


def _taken(root: Node, reader: Reader, sheet: Sheet) -> dict[str, Any]:
    values = reader.take(root, "", sheet)
    if values is BAD:  # it is no mapping at all; what else could be said of it would only be noise
        sheet.close()
    return dict(values)


def _lines(sheet: Sheet, prefix: str = "") -> dict[str, int]:
    return {key.removeprefix(prefix): node.line for key, (node, _) in sheet.places.items() if key.startswith(prefix)}
