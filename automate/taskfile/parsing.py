"""The content of a file -> a Task or the Settings, or all of its faults at once."""

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from automate.errors import BadTaskFile
from automate.settings import Settings
from automate.task import ExitCodes, Limits, OutputRules, Retries, Task
from automate.taskfile import keys
from automate.taskfile.nodes import Node, Scalar, Sequence, tree
from automate.taskfile.readers import BAD, Reader, Sheet

if TYPE_CHECKING:
    from automate.errors import ScheduleError

_STRUCTS = {"retries": Retries, "exit_codes": ExitCodes, "output": OutputRules, "limits": Limits}


def parse_with_lines(data: bytes, *, file: str, name: str, settings: Settings) -> tuple[Task, dict[str, int]]:
    """Read a task file's content, with the settings' defaults under it; BadTaskFile with every fault there is.

    With it comes the line of each of its own keys, by their dotted names.
    """
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
    return Task(name=name, file=file, **values), _lines(sheet)


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


_SCHEDULE_KEYS = ("schedule", "timezone", "starting", "ending")
_COMMANDS = ("command", "condition")
_BLOCKS = ("|", ">")


def note_disagreements(
    values: Mapping[str, Any],
    sheet: Sheet,
    *,
    seed: str,
    calendars: Mapping[str, tuple[str, ...]],
    within: str = "",
) -> None:
    """Note what does not go together. `within` is the dotted prefix of the keys in this file (`defaults.`)."""
    for key in _COMMANDS:
        if within + key in sheet.places and key in values:
            _note_program(values[key], sheet, within + key)
    if any(within + key in sheet.places for key in _SCHEDULE_KEYS):
        _note_schedule(values, sheet, seed, within)
    if within + "exit_codes" in sheet.places and "exit_codes" in values:
        _note_exit_codes(values["exit_codes"], sheet, f"{within}exit_codes")
    if within + "retries" in sheet.places and "retries" in values:
        _note_delays(values["retries"], sheet, f"{within}retries")
    if within + "except" in sheet.places and "except" in values:
        _note_exceptions(values["except"], sheet, f"{within}except", calendars)
    if seed and any(name == seed for name, _ in values.get("after", ())):
        _note_follows_itself(seed, sheet)


def _note_program(command: str | tuple[str, ...] | None, sheet: Sheet, key: str) -> None:
    if command is not None and not command[0].strip():
        sheet.note(sheet.places[key][1], f"{key}[0]", "expected a program, got ''")


def _note_schedule(values: Mapping[str, Any], sheet: Sheet, seed: str, within: str) -> None:
    """Ask the schedule itself, unless a part of it is already known to be wrong."""
    wrong = {fault.key.split("[")[0] for fault in sheet.faults}
    if wrong.isdisjoint(within + key for key in _SCHEDULE_KEYS):
        asked = {key: values[key] for key in _SCHEDULE_KEYS if values.get(key) is not None}
        for error in _schedule_errors(asked, seed):
            _note_schedule_error(error, sheet, within)


def _schedule_errors(asked: Mapping[str, Any], seed: str) -> Iterator["ScheduleError"]:
    """Yield all errors: if the whole is refused, each part is tried alone, since only the first error is raised."""
    together = _refusal(asked, seed)
    if together is None:
        return
    alone = [(index, {"schedule": (text,)}) for index, text in enumerate(asked.get("schedule", ()))]
    alone += [(0, {key: asked[key]}) for key in _SCHEDULE_KEYS[1:] if key in asked]
    found = False
    for index, part in alone:
        if error := _refusal(part, seed):
            found = True
            error.index += index
            yield error
    if not found:
        yield together


def _refusal(asked: Mapping[str, Any], seed: str) -> "ScheduleError | None":
    from automate.errors import ScheduleError
    from automate.schedule import parse

    texts = asked.get("schedule", ("manual",))
    try:
        parse(texts, asked.get("timezone"), starting=asked.get("starting"), ending=asked.get("ending"), seed=seed)
    except ScheduleError as error:
        return error
    return None


def _note_schedule_error(error: "ScheduleError", sheet: Sheet, within: str) -> None:
    key = within + error.key
    if key not in sheet.places:  # it is the defaults' and goes wrong only together with a key of this file
        first = next(within + own for own in _SCHEDULE_KEYS if within + own in sheet.places)
        sheet.note(sheet.places[first][1], first, f"{error.message} (with {error.key} from defaults)")
        return
    node = sheet.places[key][1]
    if isinstance(node, Sequence):
        node, key = node.items[error.index], f"{key}[{error.index}]"
    sheet.note(_inside(node, error.column), key, error.message)


def _note_exceptions(texts: tuple[str, ...], sheet: Sheet, key: str, calendars: Mapping[str, tuple[str, ...]]) -> None:
    """Try each text alone, since only the first of several faults is raised; the zone makes no difference."""
    from automate.errors import ScheduleError
    from automate.schedule.exception_texts import parse

    node = sheet.places[key][1]
    for index, text in enumerate(texts):
        try:
            parse((text,), "UTC", calendars)
        except ScheduleError as error:
            place, dotted = (node.items[index], f"{key}[{index}]") if isinstance(node, Sequence) else (node, key)
            sheet.note(_inside(place, error.column), dotted, error.message)


def _note_follows_itself(name: str, sheet: Sheet) -> None:
    place = sheet.places.get("after")
    sheet.note(place[1] if place else None, "after", f"a task cannot follow itself: expected a task other than {name}")


def _inside(node: Node, offset: int) -> Node:
    """Place a character within a scalar; at its beginning if escapes and line ends make that uncertain."""
    if not isinstance(node, Scalar) or node.style in _BLOCKS:
        return node
    return Scalar(node.line, node.column + len(node.style) + offset, node.text)


def _note_exit_codes(given: Mapping[str, tuple[int, ...]], sheet: Sheet, key: str) -> None:
    """Note exit codes that have two meanings."""
    codes = ExitCodes(**given)
    meanings: dict[int, str] = {}
    for meaning in ExitCodes.__struct_fields__:
        for code in getattr(codes, meaning):
            if (first := meanings.setdefault(code, meaning)) != meaning:
                own = f"{key}.{meaning}" if f"{key}.{meaning}" in sheet.places else f"{key}.{first}"
                place = sheet.places.get(own) or sheet.places[key]
                sheet.note(place[1], own, f"{code} means {first} and {meaning}: expected it in one list only")


def _note_delays(given: Mapping[str, Any], sheet: Sheet, key: str) -> None:
    retries = Retries(**given)
    if retries.delay > retries.max_delay:
        place = sheet.places.get(f"{key}.delay") or sheet.places[key]
        sheet.note(place[1], f"{key}.delay", f"is longer than max_delay ({retries.max_delay:g}s): raise that too")


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
