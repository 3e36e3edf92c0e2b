"""Whether each due time has its one record: tables, and a slow proof that looks at each moment."""

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from automate.rules.audit_spans import OnRecord, Proof, Wrong, prove
from automate.rules.gates import InForce
from automate.schedule import parse

EVERY_TEN = parse(["every 10 seconds"], "UTC")
EVERY_FOUR = parse(["every 4 seconds"], "UTC")
HOUR = InForce(EVERY_TEN, 0, 60)  # due at 10, 20, 30, 40, 50, 60


def on_record(*dues: int) -> list[OnRecord]:
    return [OnRecord(number, due, due) for number, due in enumerate(dues, 1)]


def wrong(spans: Sequence[InForce], records: Sequence[OnRecord], after: float = 0, until: float = 1000) -> list[Wrong]:
    return [*prove(spans, records, after, until).wrong]


def test_each_has_one() -> None:
    assert prove([HOUR], on_record(10, 20, 30, 40, 50, 60), 0, 1000) == Proof(6, ())


def test_one_record_stands_for_several() -> None:
    assert prove([HOUR], [OnRecord(1, 10, 40, 4), *on_record(50, 60)], 0, 1000) == Proof(6, ())


def test_none() -> None:
    assert wrong([HOUR], on_record(10, 20, 30, 60)) == [Wrong(40, 50, 2, "no_record")]


def test_none_at_all() -> None:
    assert wrong([HOUR], []) == [Wrong(10, 60, 6, "no_record")]


def test_two() -> None:
    assert wrong([HOUR], [*on_record(10, 20, 30, 40, 50, 60), OnRecord(9, 30, 30)]) == [
        Wrong(30, 30, 1, "several_records", (3, 9))
    ]


def test_the_same_line_twice() -> None:
    assert wrong([HOUR], [OnRecord(1, 10, 60, 6), OnRecord(1, 10, 60, 6)]) == [
        Wrong(10, 60, 6, "several_records", (1, 1))
    ]


def test_two_stretches_that_overlap() -> None:
    assert wrong([HOUR], [OnRecord(1, 10, 40, 4), OnRecord(2, 30, 60, 4)]) == [
        Wrong(30, 40, 2, "several_records", (1, 2))
    ]


def test_never_due() -> None:
    assert wrong([HOUR], on_record(10, 20, 30, 35, 40, 50, 60)) == [Wrong(35, 35, 1, "never_due", (4,))]


def test_recorded_while_nothing_was_in_force() -> None:
    spans = [HOUR._replace(until=25), HOUR._replace(since=45)]
    assert wrong(spans, on_record(10, 20, 40, 50, 60)) == [Wrong(40, 40, 1, "never_due", (3,))]


def test_miscounted() -> None:
    assert wrong([HOUR], [OnRecord(1, 10, 40, 7), *on_record(50, 60)]) == [Wrong(10, 40, 4, "miscounted", (1,), 7)]


def test_what_was_in_force_before_an_edit_counts_until_then() -> None:
    spans = [HOUR._replace(until=30.5), InForce(EVERY_FOUR, 30.5, 40)]
    assert wrong(spans, on_record(10, 20, 30, 32, 36, 40)) == []
    assert wrong(spans, on_record(10, 20, 30, 32, 40)) == [Wrong(36, 36, 1, "no_record")]


def test_where_spans_overlap_a_time_was_due_in_each() -> None:
    """The clock was ahead, up to 60, and was set right: due again from 20 on."""
    spans = [HOUR, HOUR._replace(since=20)]
    assert wrong(spans, [OnRecord(1, 10, 60, 6), OnRecord(2, 30, 60, 4)]) == []
    assert wrong(spans, [OnRecord(1, 10, 60, 6)]) == []
    assert wrong(spans, [OnRecord(1, 10, 20, 2), OnRecord(2, 40, 60, 3)]) == [Wrong(30, 30, 1, "no_record")]


def test_only_the_window_is_looked_at() -> None:
    assert wrong([HOUR], on_record(40), after=30, until=40) == []
    assert prove([HOUR], [OnRecord(1, 10, 60, 6)], 25, 45) == Proof(2, ())
    assert wrong([HOUR], [OnRecord(1, 10, 30, 3)], 25, 45) == [Wrong(40, 40, 1, "no_record")]


def test_a_year_of_every_minute_is_counted() -> None:
    """Within the test's own time limit a walk of so many would not end."""
    minutely = parse(["* * * * *"], "UTC")
    year = InForce(minutely, 0, 365 * 86400)
    assert prove([year], [OnRecord(1, 60, 365 * 86400, 365 * 1440)], 0, 1e9) == Proof(525600, ())
    for _ in range(200):
        assert prove([year], [], 0, 1e9).wrong == (Wrong(60, 365 * 86400, 525600, "no_record"),)


moments = st.integers(0, 40)
spans = st.sampled_from([EVERY_TEN, EVERY_FOUR]).flatmap(
    lambda schedule: st.lists(st.builds(InForce, st.just(schedule), moments, moments), max_size=3)
)
records = st.lists(
    st.builds(
        lambda run, first, length, number: OnRecord(run, first, first + length, number if length else 1),
        st.integers(1, 9),
        moments,
        st.integers(0, 12),
        st.integers(1, 4),
    ),
    max_size=6,
)


@given(spans, records, moments, moments)
@example([HOUR], on_record(10, 20, 30, 40, 50, 60), 0, 40)
@example([InForce(EVERY_TEN, 0, 25), InForce(EVERY_FOUR, 25, 40)], on_record(10, 20, 28, 32, 36, 40), 5, 39)
def test_it_agrees_with_a_look_at_each_moment(
    spans: list[InForce], records: list[OnRecord], after: int, until: int
) -> None:
    found = prove(spans, records, after, until).wrong
    window = range(after + 1, until + 1)
    counted = [each for each in found if each.fault in {"no_record", "several_records"}]
    told = {moment for each in counted for moment in range(each.first, each.due + 1) if times_due(spans, moment)}
    assert told == {moment for moment in window if not agrees(spans, records, moment)}
    never = {each.ids[0] for each in found if each.fault == "never_due"}
    for record in records:
        stands_for = [moment for moment in window if record.first <= moment <= record.due]
        if stands_for and not any(times_due(spans, moment) for moment in stands_for):
            assert record.id in never


def agrees(spans: Sequence[InForce], records: Sequence[OnRecord], moment: int) -> bool:
    most = times_due(spans, moment)
    return most == 0 or 0 < len([each for each in records if each.first <= moment <= each.due]) <= most


def times_due(spans: Sequence[InForce], moment: int) -> int:
    holding = [span for span in spans if span.since < moment <= span.until]
    return len([span for span in holding if moment % (10 if span.schedule is EVERY_TEN else 4) == 0])
