"""A state that is no more, and cannot be made anew."""

import os
import time
from contextlib import closing
from pathlib import Path

import pytest

from automate.catalog import Catalog
from automate.paths import Instance, of_directory
from automate.state import StateError, open_state, runs
from automate.supervisor import open_instance
from tests.conftest import RunCli, WriteTask, read_locks


@pytest.mark.parametrize("kind", ["transaction", "hasty_transaction"])
def test_what_cannot_be_written_is_an_error_of_the_state(instance: Path, kind: str) -> None:
    state = open_instance(of_directory(str(instance)))
    state.close()
    with pytest.raises(StateError), getattr(state, kind)():
        runs.reserve_ids(state, 1)


def test_what_could_not_be_made_anew_is_tried_again(instance: Path) -> None:
    about = of_directory(str(instance))
    state = open_instance(about)
    os.unlink(about.database)
    os.mkdir(about.database)
    for _ in range(2):
        with pytest.raises(StateError):
            runs.open_runs(state)
    os.rmdir(about.database)
    assert runs.open_runs(state) == []
    assert state.generation == 1
    state.close()


def test_a_parse_cache_that_was_removed_is_none(instance: Path, task: WriteTask) -> None:
    task("x", "true")
    about = of_directory(str(instance))
    state = open_instance(about)
    os.unlink(about.database)
    catalog = Catalog(about, state, owner=os.geteuid(), now=time.time())
    assert catalog.names() == ["x"]
    state.close()


def test_a_state_is_read_although_a_file_stands_in_place_of_a_directory(tmp_path: Path) -> None:
    instance = of_directory(str(tmp_path))
    open_state(instance).close()
    Path(instance.open_runs).rmdir()
    Path(instance.open_runs).touch()
    with closing(open_state(instance)) as state:
        assert runs.open_runs(state) == []
        with pytest.raises(StateError, match="open: Not a directory; nothing can be started"), state.transaction():
            pass


def remove_log(instance: Instance, suffixes: tuple[str, ...] = ("-wal", "-shm")) -> None:
    for suffix in suffixes:
        os.unlink(instance.database + suffix)


@pytest.mark.parametrize("suffixes", [("-wal", "-shm"), ("-wal",), ("-shm",)])
def test_nothing_is_lost_with_a_log_removed_under_a_process(tmp_path: Path, suffixes: tuple[str, ...]) -> None:
    instance = of_directory(str(tmp_path))
    with closing(open_instance(instance)) as state:
        with state.transaction():
            assert runs.reserve_ids(state, 3) == 1
        remove_log(instance, suffixes)
        assert runs.open_runs(state) == []
        assert state.generation == 1
        with closing(open_instance(instance)) as other, other.transaction():
            assert runs.reserve_ids(other, 1) == 4
        with state.transaction():
            assert runs.reserve_ids(state, 1) == 5
        assert state.generation == 1


@pytest.mark.parametrize("suffixes", [("-wal", "-shm"), ("-shm",)])
def test_a_log_that_another_process_began_anew_makes_the_state_anew(
    instance: Path, run_cli: RunCli, suffixes: tuple[str, ...]
) -> None:
    about = of_directory(str(instance))
    with closing(open_instance(about)) as state:
        with state.transaction():
            runs.reserve_ids(state, 3)
        remove_log(about, suffixes)
        run_cli("list")
        with state.transaction():
            runs.reserve_ids(state, 1)
    assert [*instance.glob(".automate/state.db.damaged-*")]


def test_a_state_that_is_opened_twice_stays_locked(instance: Path) -> None:
    about = of_directory(str(instance))
    with closing(open_instance(about)):
        open_instance(about).close()
        assert read_locks(about.database) == 1
