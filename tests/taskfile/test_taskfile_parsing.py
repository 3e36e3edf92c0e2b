"""parse_task() and parse_settings(): what files say, and every fault at its place."""

import time
import timeit
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate import task as definitions
from automate.errors import BadFileError
from automate.settings import Settings
from automate.task import Task
from automate.taskfile import BadTaskFile, Fault, keys, origins, parse_settings, parse_task, parse_with_lines
from automate.units import Duration
from tests.taskfile.cases import ACCEPTED, COMMANDS, REFUSED

NONE = Settings()
FIELDS = dict(zip(Task.__struct_encode_fields__, Task.__struct_fields__, strict=True))


def read(text: str, settings: Settings = NONE) -> Task:
    return parse_task(text.encode(), file="f", name="n", settings=settings)


def faults(text: str, settings: Settings = NONE) -> list[str]:
    with pytest.raises(BadTaskFile) as caught:
        read(text, settings)
    assert all(str(fault).isprintable() for fault in caught.value.faults)
    return [str(fault).removeprefix("f:") for fault in caught.value.faults]


def settings_faults(text: str) -> list[str]:
    with pytest.raises(BadTaskFile) as caught:
        parse_settings(text.encode(), "s")
    return [str(fault).removeprefix("s:") for fault in caught.value.faults]


def test_a_command_is_enough() -> None:
    assert read("command: id") == Task(name="n", file="f", command="id")


@pytest.mark.parametrize(("text", "command"), COMMANDS)
def test_a_command_is_text_or_a_list(text: str, command: str | tuple[str, ...]) -> None:
    assert read(text).command == command


@pytest.mark.parametrize(("text", "key", "value"), ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_a_key_has_the_value_that_is_written(text: str, key: str, value: Any) -> None:
    assert getattr(read(f"command: x\n{text}\n"), FIELDS[key]) == value


@pytest.mark.parametrize("text", [case[0] for case in ACCEPTED])
def test_a_task_survives_its_way_through_json(text: str) -> None:
    task = read(f"command: x\n{text}\n")
    assert definitions.decode(definitions.encode(task)) == task


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[case[0][:60] for case in REFUSED])
def test_a_mistake_is_told_at_its_place(text: str, told: str) -> None:
    assert faults(f"command: x\n{text}\n")[0].startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: is empty: expected at least 'command: ...'"),
        ("# remark\n", "1:1: is empty: expected at least 'command: ...'"),
        ("just text", "1:1: expected keys and values, got 'just text'"),
        ("- a\n- b", "1:1: expected keys and values, got a list"),
        ("user: x", "1:1: command: required key is missing"),
        ("command:", "1:9: command: has no value: expected the text of a command"),
        ("command: []", "1:10: command: expected 1 to 4096 of them, got 0"),
        ("command: ['', a]", "1:10: command[0]: expected a program, got ''"),
        ("command: {a: b}", "1:10: command: expected a list, got a mapping"),
        ("command: '  '", "1:10: command: expected the text of a command, got '  '"),
        (f"command: {'x' * 131_072}", "1:10: command: is longer than 131071 bytes"),
        ("command: true\ncommand: false", "2:1: command: is given twice; first in line 1"),
        ("command: |\n\ttrue", "2:1: a tab cannot indent: expected spaces"),
    ],
    ids=lambda text: text[:40],
)
def test_a_file_without_a_command_is_no_task(text: str, told: str) -> None:
    assert faults(text) == [told]


def test_all_faults_are_told_at_once_by_position() -> None:
    text = (
        "timeout: soon\nlabels: [a b, ok, '']\nretries: {delay: x, dely: y}\n"
        "schedule: [nonsense, daily at 02:00, twaddle]\nuser:\n"
    )
    places = [fault.split(": ")[:2] for fault in faults(text)]
    assert places == [
        ["1:1", "command"],
        ["1:10", "timeout"],
        ["2:10", "labels[0]"],
        ["2:19", "labels[2]"],
        ["3:18", "retries.delay"],
        ["3:21", "retries.dely"],
        ["4:12", "schedule[0]"],
        ["4:38", "schedule[2]"],
        ["5:6", "user"],
    ]


def test_a_bad_schedule_and_a_bad_zone_are_both_told() -> None:
    told = faults("command: x\nschedule: nonsense\ntimezone: Nowhere/City\nstarting: whenever\n")
    assert [line.split(":")[0] for line in told] == ["2", "3", "4"]


def test_the_end_before_the_start_is_told() -> None:
    (told,) = faults("command: x\nschedule: daily at 02:00\nstarting: 2026-02-01\nending: 2026-01-01\n")
    assert told.startswith("4:9: ending: ")


def test_the_error_is_the_faults_line_by_line_and_ends_with_status_78() -> None:
    with pytest.raises(BadFileError) as caught:
        read("command: x\nnice: 99\nuser:\n")
    assert caught.value.exit_code == 78
    assert str(caught.value) == (
        "f:2:7: nice: expected a whole number from -20 to 19, got '99'\n"
        "f:3:6: user: has no value: expected the name of an account"
    )


def test_a_fault_shows_no_control_characters() -> None:
    assert str(Fault("a\nb", 1, 2, "k", "\x1b[31m \u202e")) == "a\\x0ab:1:2: k: \\x1b[31m \\u202e"


def test_a_secret_is_not_shown() -> None:
    assert "hunter2" not in "".join(faults('command: x\nenv: {A: "hunter2\\0"}\nstdin: [hunter2]\n'))
    assert "hunter2" not in "".join(faults("command: x\nenv: {A: !hunter2}\n"))
    assert "hunter2" not in "".join(faults("command: x\nenv: {A: *hunter2}\n"))


def test_a_file_of_nothing_but_faults_is_told_up_to_a_hundred() -> None:
    start = time.process_time()
    told = faults("".join(f"comand{number}: x\n" for number in range(9000)))
    assert time.process_time() - start < 1
    assert len(told) == 101
    assert told[-1] == "100:1: there are more errors; fix these first"


def test_a_long_value_is_cut_in_the_message() -> None:
    assert len(faults(f"command: x\nenabled: {'y' * 5000}\n")[0]) < 120


# --- settings ---------------------------------------------------------------------------------------------------------

DEFAULTS = """\
defaults:
  timeout: 1h
  user: worker
  env: {A: one, B: two}
  retries:
    attempts: 5
    delay: 30s
  exit_codes: {warning: [3]}
  labels: [standard]
task_dirs: [more, /opt/tasks]
group: adm
"""
SOME = parse_settings(DEFAULTS.encode(), "/etc/automate/automate.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", "defaults: {}"])
def test_settings_may_say_nothing(text: str) -> None:
    assert parse_settings(text.encode(), "s") == Settings(file="s", defaults={}, lines={})


def test_settings_give_directories_beside_themselves_and_a_group() -> None:
    assert SOME.task_dirs == ("/etc/automate/more", "/opt/tasks")
    assert SOME.group == "adm"


def test_defaults_are_values_of_tasks_that_do_not_give_their_own() -> None:
    task = read("command: x", SOME)
    assert (task.timeout, task.user, task.labels, task.retries.attempts) == (3600, "worker", ("standard",), 5)


def test_a_task_s_own_value_replaces_the_default() -> None:
    task = read("command: x\ntimeout: 5m\nlabels: [own]\n", SOME)
    assert (task.timeout, task.labels) == (300, ("own",))


def test_null_takes_a_default_away() -> None:
    task = read("command: x\ntimeout: null\nuser: ~\n", SOME)
    assert (task.timeout, task.user) == (None, None)


def test_mappings_are_merged_entry_by_entry() -> None:
    task = read("command: x\nenv: {B: 2, C: 3}\nretries: 1\nexit_codes: {skipped: 9}\n", SOME)
    assert task.env == {"A": "one", "B": "2", "C": "3"}
    assert (task.retries.attempts, task.retries.delay) == (1, Duration(30))
    assert (task.exit_codes.warning, task.exit_codes.skipped) == ((3,), (9,))


def test_defaults_are_not_changed_by_a_task() -> None:
    before = repr(SOME)
    read("command: x\nenv: {Z: 1}\nretries: {delay: 9s}\n", SOME)
    assert repr(SOME) == before


def test_what_disagrees_with_a_default_is_a_fault_of_the_task() -> None:
    assert faults("command: x\nexit_codes: {skipped: 3}\n", SOME) == [
        "2:23: exit_codes.skipped: 3 means warning and skipped: expected it in one list only"
    ]
    assert faults("command: x\nretries: {max_delay: 1s}\n", SOME) == [
        "2:10: retries.delay: is longer than max_delay (1s): raise that too"
    ]


def test_what_disagrees_with_a_default_date_names_it() -> None:
    late = parse_settings(b"defaults: {starting: 2027-01-01}", "s")
    (told,) = faults("command: x\nschedule: daily at 02:00\nending: 2026-01-01\n", late)
    assert told.startswith("3:9: ending: ")


def test_faults_in_defaults_are_told_in_the_settings() -> None:
    told = settings_faults("defaults:\n  timeout: 5\n  command: x\n  schedule: nonsense\n  retries: {delay: 3h}\n")
    assert [line.split(": ")[:2] for line in told] == [
        ["2:12", "defaults.timeout"],
        ["3:3", "defaults.command"],
        ["4:13", "defaults.schedule"],
        ["5:20", "defaults.retries.delay"],
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("notify: x", "1:1: notify: is not supported yet (who is told how runs end)"),
        ("max_running: 0", "1:14: max_running: expected a whole number from 1 to 2147483647, got '0'"),
        ("host: a b", "1:7: host: expected a name of letters, digits, dots, hyphens and underscores, got 'a b'"),
        ("calendars: [a]", "1:12: calendars: expected keys and values, got a list"),
        ("calendars: {A: 12-24}", "1:13: calendars.A: expected a name that begins with a letter, got 'A'"),
        ("calendars: {sat: 12-24}", "1:13: calendars.sat: means something else in `except`: expected another name"),
        ("calendars: {mon-x: 12-24}", "1:13: calendars.mon-x: means something else in `except`"),
        ("calendars: {a: 22:00-06:00}", "1:16: calendars.a: cannot read `22:00-06:00`; a calendar has dates"),
        ("calendars: {a: christmas}", "1:16: calendars.a: cannot read `christmas`; a calendar has dates"),
        ("calendars: {a: [12-24, 2026-02-30]}", "1:24: calendars.a[1]: no such date `2026-02-30`: day is out of range"),
        ("calendars: {a: 13-01}", "1:16: calendars.a: no such date `13-01`: month must be in 1..12"),
        ("calendars: {a: 2027-01-01..2026-12-24}", "1:16: calendars.a: `2026-12-24` is before `2027-01-01`"),
        ("calendars: {a: 12-24}\ndefaults: {except: b}", "2:20: defaults.except: "),
        ("default: {}", "1:1: default: unknown key: did you mean defaults?"),
        ("task_dirs: ~/tasks", "1:12: task_dirs: expected the path of a directory, got '~/tasks'"),
        ("defaults: 3", "1:11: defaults: expected keys and values, got '3'"),
        ("- a", "1:1: expected keys and values, got a list"),
    ],
)
def test_a_mistake_in_the_settings_is_told_at_its_place(text: str, told: str) -> None:
    (fault,) = settings_faults(text)
    assert fault.startswith(told)


def test_calendars_are_names_for_days() -> None:
    text = b"calendars: {holidays: [12-24, 2026-12-31..2027-01-01], none: []}"
    assert parse_settings(text, "s").calendars == {"holidays": ("12-24", "2026-12-31..2027-01-01"), "none": ()}


def test_a_task_may_name_the_calendars_of_the_settings() -> None:
    known = parse_settings(b"calendars: {holidays: 12-24}", "s")
    assert read("command: x\nexcept: holidays", known).exceptions == ("holidays",)
    assert faults("command: x\nexcept: [sat, holiday]", known)[0].startswith("2:15: except[1]: ")


def test_calendars_that_share_a_default_are_known() -> None:
    assert parse_settings(b"calendars: {a: 12-24}\ndefaults: {except: a}", "s").defaults == {"except": ("a",)}


def test_a_task_that_follows_itself_by_default_is_told_so() -> None:
    other = parse_settings(b"defaults: {after: n}", "s")
    assert faults("command: x", other) == ["1:1: after: a task cannot follow itself: expected a task other than n"]


def test_there_is_no_most_of_running_tasks_unless_it_is_said() -> None:
    assert (NONE.max_running, parse_settings(b"max_running: 3", "s").max_running) == (None, 3)


def test_origins_say_where_each_value_comes_from() -> None:
    _, lines = parse_with_lines(b"command: x\ntimeout: 5m\nenv:\n  B: 2\n", file="f", name="n", settings=SOME)
    found = origins(lines, file="f", settings=SOME)
    settings_file = "/etc/automate/automate.yaml"
    wanted = {
        "command": "f:1", "timeout": "f:2", "env": "f:3", "env.A": f"{settings_file}:4", "env.B": "f:4",
        "user": f"{settings_file}:3", "retries.delay": f"{settings_file}:7",
    }  # fmt: skip
    assert {key: found[key] for key in wanted} == wanted
    assert "nice" not in found


# --- the whole --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "struct"),
    [(keys.TASK, Task), (keys.RETRIES, definitions.Retries), (keys.EXIT_CODES, definitions.ExitCodes),
     (keys.OUTPUT, definitions.OutputRules), (keys.LIMITS, definitions.Limits)],
)  # fmt: skip
def test_the_keys_are_the_fields(table: dict[str, Any], struct: type[msgspec.Struct]) -> None:
    assert set(table) == set(struct.__struct_encode_fields__) - {"name", "file"}


@pytest.mark.parametrize("key", keys.TASK)
def test_null_is_taken_where_the_built_in_value_is_none_and_nowhere_else(key: str) -> None:
    fields = {field.encode_name: field.default for field in msgspec.structs.fields(Task)}
    text = f"command: x\n{key}: null\n" if key != "command" else "command: null"
    if fields[key] is None:
        assert getattr(read(text), FIELDS[key]) is None
    else:
        assert "has no value" in faults(text)[0] or "expected keys and values" in faults(text)[0]


def outcome(data: bytes) -> Task | tuple[Fault, ...]:
    """Anything else than these two is a crash."""
    try:
        return parse_task(data, file="f", name="n", settings=NONE)
    except BadTaskFile as bad:
        return bad.faults


@given(st.binary())
def test_any_bytes_are_a_task_or_faults(data: bytes) -> None:
    assert outcome(data)


LINES = [f"{text}\n" for text, *_ in ACCEPTED] + [f"{text}\n" for text, _ in REFUSED]


@settings(max_examples=60)
@given(st.lists(st.one_of(st.sampled_from(LINES), st.text(" -:[]{}'\"|>#&*!%@\n\tab1", max_size=8)), max_size=6))
def test_any_mixture_of_lines_is_a_task_or_faults_by_position(lines: list[str]) -> None:
    result = outcome(("command: x\n" + "".join(lines)).encode())
    places = [] if isinstance(result, Task) else [(fault.line, fault.column) for fault in result]
    assert places == sorted(places)


@given(st.sampled_from(sorted(keys.TASK)), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_for_any_key_is_a_value_or_faults(key: str, text: str) -> None:
    quoted = "".join(f"\\U{ord(character):08x}" for character in text)
    assert outcome((f'{key}: "{quoted}"\n' + ("command: x\n" if key != "command" else "")).encode())


def test_a_typical_file_is_read_in_half_a_millisecond() -> None:
    text = (
        "description: Nightly dump of every database\ncommand: pg_dumpall | zstd > /srv/all-$(date +%F).sql.zst\n"
        "schedule: daily at 02:00\ntimezone: Europe/Berlin\nuser: postgres\ntimeout: 2h\nretries: 3\n"
    )
    assert min(timeit.repeat(lambda: read(text), number=20, repeat=5)) / 20 < 0.0005


@pytest.mark.parametrize(
    "default",
    [
        "missed: once",
        "overlap: skip",
        "manual: always",
        "shell: /bin/sh",
        "kill_after: 10s",
        "enabled: true",
        "retries: 0",
    ],
)
def test_a_definition_is_encoded_as_it_was_when_it_has_been_decoded(default: str) -> None:
    encoded = definitions.encode(read(f"command: x\n{default}\n"))
    assert definitions.encode(definitions.decode(encoded)) == encoded


def test_a_hint_leads_to_a_key_and_hides_none() -> None:
    assert {meant for meant in keys.HINTS.values() if " " not in meant} <= keys.TASK.keys()
    assert keys.HINTS.keys().isdisjoint(key.replace("_", "") for key in keys.TASK)
