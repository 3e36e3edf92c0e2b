"""The jitter of a task on a host."""

from automate.rules.jitter import delay


def test_it_is_the_same_every_time_and_on_every_machine():
    assert delay("db1:backup", 1800) == 1.261


def test_it_stays_below_the_jitter():
    assert all(0 <= delay(f"db1:{name}", 5) < 5 for name in range(1000))


def test_it_spreads_tasks_over_the_whole_of_it():
    assert len({int(delay(f"db1:{name}", 60)) for name in range(1000)}) == 60


def test_no_jitter_is_no_delay():
    assert delay("db1:backup", 0) == 0
