"""What a schedule is called in English, and that our own words are read back as the same schedule."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from test_oracle import forwards, parsed
from texts import cron_texts, moments, word_texts, zones

from automate.schedule import ScheduleError, parse

starts = st.none() | st.dates().filter(lambda day: 1971 < day.year < 2099).map(str)
units = st.sampled_from(["s", "seconds", "minutes", "m", "hours", "h", "days", "weeks"])
intervals = st.builds("every {} {}".format, st.integers(1, 200), units)


def same(first, second, start):
    end = start + timedelta(hours=30)
    return forwards(first, start, end)[:50] == forwards(second, start, end)[:50]


@given(zones, word_texts())
def test_words_are_read_back_to_the_same_schedule(zone, words):
    schedule = parse([words.text], zone)
    assert parse([schedule.describe()], zone) == schedule


@given(st.data(), zones, intervals, starts)
def test_intervals_are_read_back_to_the_same_due_times(data, zone, text, starting):
    schedule = parse([text], zone, starting=starting)
    again = parse([schedule.describe()], zone, starting=starting)
    assert again.describe() == schedule.describe()
    assert same(schedule, again, data.draw(moments(zone)))


@given(st.data(), zones, cron_texts(), starts)
def test_a_reading_of_cron_that_is_in_our_words_means_the_same(data, zone, text, starting):
    parsed(text, zone)
    schedule = parse([text], zone, starting=starting)
    try:
        again = parse([schedule.describe()], zone, starting=starting)
    except ScheduleError:
        return
    assert same(schedule, again, data.draw(moments(zone)))
