"""What the step does, `audit` agrees with: also across edits, and clocks that were wrong."""

from typing import Any

import pytest

from automate.operate.audit import Audit, audit


def audited(world: Any, at: str) -> Audit:
    return audit(world.instance, world.state, None, world.catalog(at)._now)


def test_a_clock_that_was_far_ahead(world: Any) -> None:
    world.task("x", schedule="0 * * * *")
    for at in ("08:30", "12:00", "13:00", "08:40", "09:00", "10:00"):
        world.step(at)
        assert audited(world, at).wrong == []
    assert len([record for record in world.records("x") if record["due"] is None]) == 1


def test_an_edit_while_the_clock_is_back_repeats_nothing(world: Any) -> None:
    world.task("x", schedule="* * * * *")
    world.task("y", schedule="* * * * *")
    for at in ("12:00:30", "12:01:00", "12:02:00"):
        world.step(at)
    world.task("x", schedule="*/1 * * * *", missed="all", timezone="Europe/Berlin")
    world.task("y").unlink()
    world.step("11:30:00")
    world.task("y", schedule="* * * * *")
    for at in ("11:31:00", "12:01:00", "12:02:00", "12:03:00"):
        world.step(at)
        assert audited(world, at).wrong == []
    assert world.story("x") == world.story("y") == [(f"12:0{minute}:00", "success") for minute in (1, 2, 3)]


@pytest.mark.parametrize("keys", [{}, {"jitter": "5m"}, {"missed": "all"}, {"missed": "skip"}, {"enabled": False}])
def test_edits_and_gaps(world: Any, keys: dict[str, Any]) -> None:
    file = world.task("x", schedule="* * * * *", **keys)
    for at, schedule in (
        ("12:00:30", None),
        ("12:02:10", "*/2 * * * *"),
        ("12:07:00", "*/2 * * * *"),
        ("12:12:30", None),
        ("12:20:00", ""),
        ("12:30:00", "* * * * *"),
        ("12:31:00", None),
    ):
        if schedule:
            world.task("x", schedule=schedule, **keys)
        elif schedule is not None:
            file.unlink()
        world.step(at)
        assert audited(world, at).wrong == []
    assert audited(world, "12:31:00").due_times > 10
