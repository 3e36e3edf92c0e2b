"""Time zones whose data change, as an update of tzdata does: due by the new ones from then on, and never before."""

import os
import shutil
import zoneinfo
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from automate.catalog import files
from automate.instants import stamp
from automate.operate.audit import audit
from automate.state import schedules
from tests.service.worlds import said

BERLIN, LAGOS = "Europe/Berlin", "Africa/Lagos"  # the same in winter, an hour apart in summer


@pytest.fixture
def tzdata(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """`tzdata(Made_Up="Europe/Berlin")`: the zone Made_Up is as Berlin from now on; None: there is none."""
    system = next(path for path in zoneinfo.TZPATH if os.path.exists(f"{path}/{BERLIN}"))
    directory = tmp_path_factory.mktemp("zoneinfo")

    def be(**zones: str | None) -> None:
        for name, like in zones.items():
            (directory / name).unlink(missing_ok=True)
            if like is not None:
                shutil.copy(f"{system}/{like}", directory / f"{name}.new")
                (directory / f"{name}.new").rename(directory / name)

    monkeypatch.setattr(files, "ZONE_DIRS", (str(directory),))
    zoneinfo.reset_tzpath(to=[str(directory), system])
    yield be
    zoneinfo.reset_tzpath()


def wake(world: Any) -> str | None:
    at = schedules.all_scheduled(world.state)["x"].wake
    return None if at is None else said(stamp(at))


def wrong(world: Any, at: str) -> Any:
    return audit(world.instance, world.state, None, world.catalog(at)._now).wrong


def test_what_is_due_later_follows_the_new_data(world: Any, tzdata: Callable[..., None]) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="daily at 09:00", timezone="Made_Up")
    world.step("2027-03-27 12:00")
    assert wake(world) == "2027-03-28 07:00:00"
    tzdata(Made_Up=LAGOS)
    assert [change.action for change in world.step("2027-03-27 12:01").changes] == ["zone_changed"]
    assert wake(world) == "2027-03-28 08:00:00"
    world.step("2027-03-28 07:00")
    assert world.records("x") == []
    world.step("2027-03-28 08:00")
    assert world.story("x") == [("2027-03-28 08:00:00", "success")]
    assert wrong(world, "2027-03-28 08:01") == []


@pytest.mark.parametrize(
    ("updated", "dues"),
    [
        ("2027-07-02 06:30", ["2027-07-01 07:00:00", "2027-07-02 08:00:00", "2027-07-03 08:00:00"]),
        ("2027-07-02 08:30", ["2027-07-01 07:00:00", "2027-07-02 07:00:00", "2027-07-03 08:00:00"]),
    ],
)
def test_an_update_that_comes_late_changes_nothing_before_it(
    world: Any, tzdata: Callable[..., None], updated: str, dues: list[str]
) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="daily at 09:00", timezone="Made_Up", missed="all")
    steps = ["2027-06-30 12:00", "2027-07-01 07:00", "2027-07-02 07:00", "2027-07-02 08:00", "2027-07-03 08:00"]
    for at in sorted([*steps, updated]):
        if at == updated:
            tzdata(Made_Up=LAGOS)
        world.step(at)
        assert wrong(world, at) == []
    assert world.story("x") == [(due, "success") for due in dues]


def test_a_zone_that_has_not_changed_is_not_told(world: Any, tzdata: Callable[..., None]) -> None:
    tzdata(Made_Up=BERLIN, Other=LAGOS)
    world.task("x", schedule="daily at 09:00", timezone="Made_Up")
    world.step("12:00")
    tzdata(Made_Up=BERLIN, Other="Europe/London")
    before = schedules.all_scheduled(world.state)
    assert world.step("12:01").changes == []
    assert schedules.all_scheduled(world.state) == before


def test_once_at_a_time_of_day_follows_the_new_data(world: Any, tzdata: Callable[..., None]) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="2027-07-01 12:00", timezone="Made_Up")
    world.step("12:00")
    tzdata(Made_Up=LAGOS)
    world.step("12:01")
    assert wake(world) == "2027-07-01 11:00:00"


def test_a_task_whose_zone_is_gone_goes_on_as_it_was(world: Any, tzdata: Callable[..., None]) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="daily at 09:00", timezone="Made_Up")
    world.task("y", schedule="0 * * * *")
    world.step("2027-06-30 12:00")
    tzdata(Made_Up=None)
    world.step("2027-06-30 12:01")
    world.step("2027-07-01 07:00")
    assert world.story("x") == [("2027-07-01 07:00:00", "success")]
    assert world.story("y") != []
    tzdata(Made_Up=BERLIN)
    world.step("2027-07-01 07:01")
    world.step("2027-07-02 07:00")
    assert len(world.records("x")) == 2
    assert wrong(world, "2027-07-02 07:01") == []


def test_another_process_that_has_seen_it_first_is_followed(
    world: Any, another: Callable[[], Any], tzdata: Callable[..., None]
) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="daily at 09:00", timezone="Made_Up")
    world.step("2027-03-27 12:00")
    tzdata(Made_Up=LAGOS)
    another().step("2027-03-27 12:01")
    world.step("2027-03-27 12:02")
    for at in ("2027-03-28 07:00", "2027-03-28 08:00"):
        world.step(at)
    assert world.story("x") == [("2027-03-28 08:00:00", "success")]


def test_a_paused_task_is_put_on_record_by_the_data_of_its_time(world: Any, tzdata: Callable[..., None]) -> None:
    tzdata(Made_Up=BERLIN)
    world.task("x", schedule="every 10 minutes", timezone="Made_Up", enabled=False)
    for at in ("2027-07-01 12:01", "2027-07-01 12:10", "2027-07-01 12:20"):
        world.step(at)
    tzdata(Made_Up=LAGOS)
    world.step("2027-07-01 12:35")
    world.step("2027-07-01 13:40")
    assert wrong(world, "2027-07-01 13:41") == []
