"""The compiled form, and what importing the room costs."""

import json
import subprocess
import sys

import pytest

from automate.errors import DamagedStateError
from automate.schedule import Schedule, are_same, load, parse

TEXTS = ["0 9 * * mon#1", "every 90s", "every 2 weeks on mon, fri at 09:00", "2027-01-01 00:00Z", "2027-01-01 00:00"]


def modules_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )


def test_the_import_is_cheap() -> None:
    heavy = {
        "croniter",
        "msgspec",
        "json",
        "dataclasses",
        "inspect",
        "difflib",
        "importlib.metadata",
    }
    assert heavy.isdisjoint(modules_after("import automate.schedule"))


def test_a_loaded_schedule_needs_neither_croniter_nor_the_reader_of_words() -> None:
    text = parse(["0 9 * * mon-fri", "every 90s"], "Europe/Berlin").dump()
    code = f"from automate.schedule import load\nassert load({text!r}).next_after(1767225600)"
    assert {"croniter", "automate.schedule.phrases", "automate.schedule.cron"}.isdisjoint(modules_after(code))


def test_every_kind_of_schedule_is_dumped_and_loaded() -> None:
    schedule = parse(["@reboot", *TEXTS], "Europe/Berlin", starting="2026-01-01", ending="2030-12-31")
    assert load(schedule.dump()) == schedule
    assert load(schedule.dump()).at_startup


def test_a_dump_is_one_line_of_compact_json() -> None:
    text = parse(["* * * * *"], "Europe/Berlin").dump()
    assert len(text) < 160
    assert json.dumps(json.loads(text), separators=(",", ":")) == text


VERSION_1 = (
    '[1,"Europe/Berlin",1767222000,1924988399,true,[["0 9 * * 1#1",[[false,512,1,0,[4294967294,8190,2,true]]]],'
    '["",[[1767222000,90]]],["",[[false,512,1,0,[0,14,[1,4]]]]],["",[[1798761600]]],["",[[false,1,1,0,[20819]]]]]]'
)


def test_a_dump_of_the_last_version_is_read() -> None:
    schedule = parse(["@reboot", *TEXTS], "Europe/Berlin", starting="2026-01-01", ending="2030-12-31")
    assert load(VERSION_1) == schedule
    assert are_same(VERSION_1, schedule.dump())
    assert not are_same(VERSION_1, parse(["hourly"], "UTC").dump())


def test_a_dump_of_another_version_is_refused() -> None:
    _, *rest = json.loads(parse(["hourly"], "UTC").dump())
    with pytest.raises(DamagedStateError):
        load(json.dumps([999, *rest]))


def test_schedules_are_equal_when_they_are_due_alike_by_the_same_texts() -> None:
    assert parse(["hourly"], "UTC") == parse(["every hour at :00"], "UTC")
    assert parse(["hourly"], "UTC") != parse(["hourly"], "Europe/Berlin")
    assert parse(["hourly"], "UTC") != parse(["hourly"], "UTC", ending="2030-01-01")
    assert len({parse(["hourly"], "UTC"), parse(["hourly"], "UTC")}) == 1


def test_a_schedule_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse(["hourly"], "UTC").manual = True  # type: ignore[misc]
    assert not hasattr(Schedule, "__dict__") or "__dict__" not in dir(parse(["hourly"], "UTC"))
