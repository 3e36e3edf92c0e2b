"""Adding to the run log: whole lines, on disk, or nothing."""

import errno
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from automate import paths
from automate.errors import AutomateError
from automate.runlog import append, newest_first, position, recorded
from tests.runlog.run_records import content, lines, log_of, record

WRITER = """
import sys
from automate import paths
from automate.run import Record
from automate.runlog import append
instance = paths.of_directory(sys.argv[1])
first, count, together = map(int, sys.argv[2:])
for start in range(first, first + count, together):
    append(instance, [
        Record(id=n, task="t", outcome="success", trigger="manual", ended="2026-11-21T02:00:00Z", host="h",
               error="x" * (n % 7000))
        for n in range(start, start + together)
    ])
    print(start + together - 1, flush=True)
"""


def writer(directory: Path, first: int, count: int, together: int = 1) -> "subprocess.Popen[bytes]":
    arguments = [str(directory), str(first), str(count), str(together)]
    return subprocess.Popen([sys.executable, "-c", WRITER, *arguments], stdout=subprocess.PIPE)


def ids(instance: object) -> list[int]:
    return [found.id for found in newest_first(instance)]  # type: ignore[arg-type]


def test_a_record_is_one_line(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    append(instance, [record(1)])
    append(instance, [record(2), record(3)])
    assert content(instance) == lines(1, 2, 3)


def test_no_records_make_no_file(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    append(instance, [])
    assert not Path(instance.run_log).exists()


def test_a_new_log_is_its_owners_only(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    instance = log_of(tmp_path / "deep")
    os.rmdir(instance.log)
    os.umask(0o077)
    append(instance, [record(1)])
    assert Path(instance.run_log).stat().st_mode & 0o777 == 0o600
    assert Path(instance.log).stat().st_mode & 0o777 == 0o700


def test_a_torn_line_goes(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1) + lines(2)[:-20])
    append(instance, [record(3)])
    assert content(instance) == lines(1, 3)


def test_a_torn_line_longer_than_a_block_goes(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1) + b'{"id": "' + b"x" * 200_000)
    append(instance, [record(3)])
    assert content(instance) == lines(1, 3)


def test_a_log_that_is_nothing_but_a_torn_line_begins_anew(tmp_path: Path) -> None:
    instance = log_of(tmp_path, b"\0" * 100)
    append(instance, [record(3)])
    assert content(instance) == lines(3)


def test_a_whole_record_without_its_newline_stays(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1, 2)[:-1])
    append(instance, [record(3)])
    assert content(instance) == lines(1, 2, 3)


def test_a_link_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    Path(instance.run_log).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AutomateError, match="not a link"):
        append(instance, [record(1)])
    assert not (tmp_path / "elsewhere").exists()


def test_a_fifo_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    os.mkfifo(instance.run_log)
    with pytest.raises(AutomateError, match="regular file"):
        append(instance, [record(1)])


def test_a_directory_in_place_of_the_log_is_refused(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    Path(instance.run_log).mkdir()
    with pytest.raises(AutomateError, match="regular file"):
        append(instance, [record(1)])


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    append(instance, [record(1)])
    before = len(os.listdir("/proc/self/fd"))
    append(instance, [record(2)])
    position(instance)
    assert ids(instance) == [2, 1]
    assert len(os.listdir("/proc/self/fd")) == before


def test_processes_at_once_tear_and_lose_nothing(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    writers = [writer(tmp_path, first, 60, together=3) for first in (1000, 2000, 3000)]
    assert [one.communicate(timeout=60) and one.returncode for one in writers] == [0, 0, 0]
    written = [json.loads(line)["id"] for line in content(instance).splitlines()]
    assert sorted(written) == [*range(1000, 1060), *range(2000, 2060), *range(3000, 3060)]
    assert [run_id for run_id in written if run_id < 2000] == [*range(1000, 1060)]


def test_rotation_by_rename_while_processes_write_loses_nothing(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    writers = [writer(tmp_path, first, 60) for first in (1000, 2000)]
    for number in range(40, 0, -1):  # .40 is the oldest
        deadline = time.monotonic() + 60
        while not Path(instance.run_log).exists() and time.monotonic() < deadline:
            if all(one.poll() is not None for one in writers):
                break
        if Path(instance.run_log).exists():
            os.rename(instance.run_log, f"{instance.run_log}.{number}")
    assert [one.communicate(timeout=60) and one.returncode for one in writers] == [0, 0]
    assert sorted(ids(instance)) == [*range(1000, 1060), *range(2000, 2060)]


def test_an_append_waits_for_the_lock_and_then_goes_where_the_path_leads(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1))
    with open(instance.run_log, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = writer(tmp_path, 2, 1)
        _wait_until_polling(waiting.pid)
        assert content(instance) == lines(1)
        os.rename(instance.run_log, instance.run_log + ".1")
    assert waiting.communicate(timeout=60)[0] == b"2\n"
    assert content(instance, ".1") == lines(1)
    assert ids(instance) == [2, 1]


def _wait_until_polling(pid: int) -> None:
    """Until the process has the log open and has slept a while without ending."""
    deadline = time.monotonic() + 60
    while not _has_open(pid, "runs.jsonl") and time.monotonic() < deadline:
        time.sleep(0.01)
    before = _sleeps(pid)
    while _sleeps(pid) < before + 20 and time.monotonic() < deadline:
        time.sleep(0.01)


def _has_open(pid: int, name: str) -> bool:
    return any(os.readlink(link).endswith(name) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink())


def _sleeps(pid: int) -> float:
    """Infinite when it has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status, re.MULTILINE)
    return int(found[1]) if found and "(zombie)" not in status else float("inf")


def test_who_is_killed_while_appending_leaves_whole_lines_of_what_was_acknowledged(tmp_path: Path) -> None:
    instance = log_of(tmp_path)
    acknowledged: set[int] = set()
    for turn in range(12):
        one = writer(tmp_path, 1 + turn * 10_000, 9_000, together=2)
        assert one.stdout is not None
        said = [one.stdout.readline() for _ in range(1 + turn)]
        one.send_signal(signal.SIGKILL)
        said += one.stdout.readlines()
        one.communicate()
        acknowledged |= {int(line) for line in said if line.endswith(b"\n")}
    append(instance, [record(999_999)])
    written = [json.loads(line)["id"] for line in content(instance).splitlines()]
    assert acknowledged <= set(written)
    assert len(written) == len(set(written))


def test_a_killed_append_is_found_or_not_and_never_half(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1))
    since = position(instance)
    one = writer(tmp_path, 10, 2000)
    assert one.stdout is not None
    one.stdout.readline()
    one.kill()
    one.communicate()
    on_record = recorded(instance, range(10, 2010), since)
    assert on_record == {found for found in ids(instance) if found >= 10}
    assert on_record


UNTIL_IT_FAILS = """
import itertools, resource, sys
from automate import paths
from automate.errors import AutomateError
from automate.run import Record
from automate.runlog import append
from automate.supervisor.recovery import PRIVATE
directory, limit, together = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
instance = paths.of_directory(directory)
try:
    for first in itertools.count(0, together):
        append(instance, [
            Record(id=n, task="t", outcome="success", trigger="manual", ended="2026-11-21T02:00:00Z", host="h")
            for n in range(first, first + together)
        ])
        print(first + together)
except AutomateError as error:
    print(error, file=sys.stderr)
    sys.stdout.write(open(instance.run_log).read())
"""


def append_until_it_fails(
    directory: Path, limit: int, together: int = 1, *before: str
) -> "subprocess.CompletedProcess[str]":
    """Standard output: how many were acknowledged, line by line, then the log; standard error: the message."""
    arguments = [*before, sys.executable, "-c", UNTIL_IT_FAILS, str(directory), str(limit), str(together)]
    return subprocess.run(arguments, check=True, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("room", [0, 1, 300, 900])
def test_a_file_size_limit_leaves_the_log_as_it_was(tmp_path: Path, room: int) -> None:
    instance = log_of(tmp_path, lines(1, 2))
    said = append_until_it_fails(tmp_path, len(lines(1, 2)) + room, 5).stderr
    assert content(instance) == lines(1, 2)
    assert "cannot record #0 of t, #1 of t, #2 of t and 2 more: File too large" in said


def test_a_torn_line_is_mended_even_when_there_is_no_room_for_more(tmp_path: Path) -> None:
    instance = log_of(tmp_path, lines(1) + b'{"torn')
    append_until_it_fails(tmp_path, len(lines(1)))
    assert content(instance) == lines(1)


AS_ROOT = ["--user", "--map-root-user"] if os.geteuid() else []
IN_64K = ["unshare", *AS_ROOT, "--mount", "sh", "-c", 'mount -t tmpfs -o size=64k t "$0" && exec "$@"']
MAY_MOUNT = subprocess.run([*IN_64K, "/mnt", "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("before", [[]] + [IN_64K] * MAY_MOUNT, ids=["limit", "disk"][: 1 + MAY_MOUNT])
def test_when_there_is_no_more_room_exactly_what_was_acknowledged_is_there(tmp_path: Path, before: list[str]) -> None:
    (tmp_path / "disk").mkdir()
    disk = str(tmp_path / "disk")
    done = append_until_it_fails(tmp_path / "disk", 50_000 if not before else 2**30, 1, *before, *[disk] * bool(before))
    acknowledged, log = done.stdout.split('{"v"', 1)
    assert [json.loads(line)["id"] for line in ('{"v"' + log).splitlines()] == [*range(len(acknowledged.split()))]
    assert ("No space left on device" if before else "File too large") in done.stderr


def test_a_file_system_without_locks_is_named(instance: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    about = paths.of_directory(str(instance))
    append(about, [record(1)])
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match=r"No locks available: '.*runs\.jsonl'"):
        position(about)
