"""Conditions between the keys of a task, checked after the defaults were merged in."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from automate.task import ExitCodes, Retries
from automate.taskfile.nodes import Node, Scalar, Sequence
from automate.taskfile.readers import Sheet

if TYPE_CHECKING:
    from automate.errors import ScheduleError

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
