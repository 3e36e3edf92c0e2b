"""Records in the run log: found by task, outcome and id, over rotated and compressed files."""

import gzip
import os
import time
from itertools import islice
from pathlib import Path

import pytest

from automate.errors import AutomateError
from automate.paths import Instance
from automate.runlog import (
    Position,
    Reader,
    append,
    files,
    find,
    highest_id,
    last_of_each,
    newest_first,
    position,
    recorded,
)
from tests.runlog.run_records import content, lines, log_of, record


def ids(instance: Instance, *tasks: str) -> list[int]:
    return [found.id for found in newest_first(instance, tasks=tasks or None)]


def write(instance: Instance, suffix: str, data: bytes) -> None:
    path = Path(instance.run_log + suffix)
    path.write_bytes(gzip.compress(data) if suffix.endswith(".gz") else data)


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    os.rmdir(instance.log)
    assert ids(instance) == []
    assert last_of_each(instance) == {}
    assert highest_id(instance) == 0
    assert position(instance) == Position(0, 0)


def test_the_newest_comes_first(tmp_path: Path) -> None:
    assert ids(log_of(tmp_path, lines(1, 2, 3))) == [3, 2, 1]


def test_one_task_of_several(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, 2) + lines(3, task="backup2") + lines(4))
    assert ids(instance, "backup") == [4, 2, 1]


def test_globs_of_tasks(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, task="a-1") + lines(2, task="b-1") + lines(3, task="a-2"))
    assert ids(instance, "a-*") == [3, 1]
    assert ids(instance, "*-1") == [2, 1]
    assert ids(instance, "a-1", "b-?") == [2, 1]


def test_more_tasks_than_are_searched_for(tmp_path: Path) -> None:
    instance = log_of(tmp_path, b"".join(lines(n, task=f"t{n}") for n in range(20)))
    assert ids(instance, *(f"t{n}" for n in range(10))) == [*range(9, -1, -1)]


def test_a_name_in_another_field_is_not_the_task(tmp_path: Path) -> None:
    instance = log_of(tmp_path, record(1, "other", error='"task":"backup"', summary={"task": "backup"}).line())
    assert ids(instance, "backup") == []


def test_outcomes(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1) + record(2, outcome="failed").line() + record(3, outcome="lost").line())
    assert [entry.record.id for entry in Reader(instance).entries(outcomes=["failed", "lost"])] == [3, 2]


def test_what_a_later_version_added_is_read_and_kept_in_the_line(tmp_path: Path) -> None:
    line = record(1).line().replace(b'"v":1', b'"v":2,"shade":"green"')
    instance = log_of(tmp_path, line)
    entry = next(Reader(instance).entries())
    assert (entry.record.v, entry.line) == (2, line[:-1])


def test_an_appended_log_that_is_read_at_the_same_time_ends(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, 2))
    found = newest_first(instance)
    first = next(found)
    append(instance, [record(3)])
    assert [first.id, *(one.id for one in found)] == [2, 1]


def test_rotated_files_follow_newest_first(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    for number, suffix in ((8, ".1"), (7, ".2.gz"), (6, ".10.gz")):
        write(instance, suffix, lines(number))
    assert ids(instance) == [9, 8, 7, 6]


def test_dated_files_follow_newest_first(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    for number, suffix in ((6, "-20251231.gz"), (8, "-20261121"), (7, "-20261120.gz")):
        write(instance, suffix, lines(number))
    assert ids(instance) == [9, 8, 7, 6]


def test_other_files_are_not_the_log(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    for suffix in (".bak", "~", ".1.swp", ".2.gz.tmp", "-old"):
        Path(instance.run_log + suffix).write_bytes(lines(1))
    assert ids(instance) == [9]


def test_a_file_that_is_just_being_compressed_is_read_once(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    write(instance, ".1", lines(8))
    write(instance, ".1.gz", lines(8))  # done, and .1 not yet removed
    assert ids(instance) == [9, 8]


def test_a_damaged_compressed_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    old = b"".join(record(n, error=os.urandom(500).hex()).line() for n in range(200))
    Path(instance.run_log + ".1.gz").write_bytes(gzip.compress(old)[:-40_000])
    found = ids(instance)
    assert found[0] == 9
    assert 20 < len(found) < 200


def test_a_rotation_while_reading_hides_and_doubles_nothing(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(5, 6))
    write(instance, ".1", lines(3, 4))
    found = newest_first(instance)
    first = next(found)
    os.rename(instance.run_log + ".1", instance.run_log + ".2")
    os.rename(instance.run_log, instance.run_log + ".1")
    append(instance, [record(7)])
    write(instance, ".2.gz", content(instance, ".2"))
    os.unlink(instance.run_log + ".2")
    assert [first.id, *(one.id for one in found)] == [6, 5, 4, 3]
    assert ids(instance) == [7, 6, 5, 4, 3]


def test_a_rotation_between_listing_and_opening_hides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = log_of(tmp_path, lines(2))
    write(instance, ".1", lines(1))
    listing = files.paths_newest_first

    def rotated_just_after(run_log: str) -> list[str]:
        paths = listing(run_log)
        if not Path(run_log + ".2").exists():
            os.rename(run_log + ".1", run_log + ".2")
            os.rename(run_log, run_log + ".1")
            append(instance, [record(3)])
        return paths

    monkeypatch.setattr(files, "paths_newest_first", rotated_just_after)
    assert ids(instance) == [3, 2, 1]


def test_a_rotation_half_done_while_opening_hides_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.1` has been opened, and is renamed before `.2` is."""
    instance = log_of(tmp_path, lines(4))
    for suffix, number in ((".1", 3), (".2", 2), (".3", 1)):
        write(instance, suffix, lines(number))
    opening = files.open_log

    def rotated_after_the_first(path: str, flags: int) -> int:
        descriptor = opening(path, flags)
        if path.endswith(".1") and not Path(instance.run_log + ".4").exists():
            for number in (3, 2, 1):
                os.rename(f"{instance.run_log}.{number}", f"{instance.run_log}.{number + 1}")
        return descriptor

    monkeypatch.setattr(files, "open_log", rotated_after_the_first)
    assert ids(instance) == [4, 3, 2, 1]


def test_find_gives_the_run_with_this_id(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(14))
    write(instance, ".1.gz", lines(1, 4))
    found = find(instance, 4)
    assert found is not None
    assert found.id == 4
    assert find(instance, 2) is None


def test_find_reads_lines_that_were_spaced_by_another_program(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1).replace(b'":', b'": '))
    assert find(instance, 1) == record(1)


def test_the_last_record_of_each_task(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(4) + lines(5, task="other"))
    write(instance, ".1", lines(1) + lines(2, task="third"))
    assert {name: last.id for name, last in last_of_each(instance).items()} == {"backup": 4, "other": 5, "third": 2}


def test_the_highest_id_need_not_be_the_last(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(4) + b"garbage\n")
    write(instance, ".1", lines(12, 2))
    assert highest_id(instance) == 12


def test_recorded_looks_behind_the_position_only(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, 2))
    since = position(instance)
    append(instance, [record(3)])
    assert recorded(instance, [1, 2, 3, 4], since) == {3}


def test_recorded_looks_behind_the_earliest_of_several_positions(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1))
    since = [position(instance)]
    for number in (2, 3):
        append(instance, [record(number)])
        since.append(position(instance))
    assert recorded(instance, [1, 2, 3], *reversed(since)) == {2, 3}
    os.rename(instance.run_log, instance.run_log + ".1")
    append(instance, [record(4)])
    assert recorded(instance, [1, 2, 3, 4], position(instance), *since) == {2, 3, 4}


@pytest.mark.parametrize("suffix", [".1", "-20261121"])
def test_recorded_follows_a_rotation(tmp_path: Path, suffix: str) -> None:
    instance = log_of(tmp_path, lines(1))
    since = position(instance)
    append(instance, [record(2)])
    os.rename(instance.run_log, instance.run_log + suffix)
    assert recorded(instance, [1, 2, 3], since) == {2}
    append(instance, [record(3)])
    assert recorded(instance, [1, 2, 3], since) == {2, 3}


def test_recorded_searches_everything_when_the_file_of_that_time_is_gone(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1))
    since = position(instance)
    append(instance, [record(2)])
    write(instance, ".1.gz", content(instance))
    os.unlink(instance.run_log)
    append(instance, [record(3)])
    assert recorded(instance, [2, 3, 4], since) == {2, 3}


def test_recorded_from_before_there_was_a_log(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    since = position(instance)
    append(instance, [record(1)])
    assert recorded(instance, [1, 2], since) == {1}


def test_recorded_from_before_there_was_a_log_when_it_is_empty_again(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    since = position(instance)
    append(instance, [record(1)])
    os.rename(instance.run_log, instance.run_log + ".1")
    Path(instance.run_log).touch(mode=0o600)  # logrotate's `create`
    assert recorded(instance, [1, 2], since) == {1}


def test_recorded_sees_what_took_the_place_of_a_torn_line(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1) + b"x" * 1000)
    since = position(instance)
    append(instance, [record(2), record(3), record(4)])
    assert recorded(instance, [2, 3, 4], since) == {2, 3, 4}


def test_recorded_follows_into_a_compressed_file(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, 2))
    since = position(instance)
    write(instance, ".1.gz", content(instance) + lines(3))
    os.unlink(instance.run_log)
    assert recorded(instance, [1, 2, 3], since) == {3}


def test_a_new_log_of_the_same_size_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1))
    since = position(instance)
    os.unlink(instance.run_log)
    append(instance, [record(2)])
    assert Path(instance.run_log).stat().st_size == since.size
    assert recorded(instance, [2], since) == {2}


def test_a_link_among_the_rotated_files_is_refused(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(9))
    Path(instance.run_log + ".1").symlink_to(instance.run_log)
    with pytest.raises(AutomateError, match="not a link"):
        ids(instance)


def test_no_descriptor_is_left_open_by_who_stops_early(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(*range(50)))
    write(instance, ".1.gz", lines(1))
    before = len(os.listdir("/proc/self/fd"))
    assert next(newest_first(instance)).id == 49
    assert len([*newest_first(instance)]) == 51
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_of_a_long_log_costs_no_more_than_that_of_a_short_one(tmp_path: Path) -> None:
    (tmp_path / "short").mkdir()
    short = log_of(tmp_path / "short", lines(*range(100)))
    long = log_of(tmp_path, lines(*range(1000)) * 100)
    assert _best(long) < 5 * _best(short) + 0.001


def _best(instance: Instance) -> float:
    def once() -> float:
        begin = time.process_time()
        assert len([*islice(newest_first(instance), 20)]) == 20
        return time.process_time() - begin

    return min(once() for _ in range(5))
