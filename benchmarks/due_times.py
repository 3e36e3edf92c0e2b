"""What one due time costs, ours beside croniter's `get_next`: `python -m benchmarks.due_times`.

Each schedule is asked for a thousand due times in a row, warm; the best of five rounds counts.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from croniter import croniter

from automate.schedule import load, parse

ZONE = "Europe/Berlin"
START = datetime(2026, 1, 1, tzinfo=UTC)
START_SECONDS = START.timestamp()
EXPRESSIONS = (
    "*/5 * * * *",
    "0 2 * * *",
    "0 9 * * mon-fri",
    "0 9 * * mon#1",
    "30 4 1,15 * fri",
    "0 18 L * *",
    "0 0 29 2 *",
)
LOADED = 10_000


class Cost(NamedTuple):
    """Microseconds for one due time."""

    text: str
    ours: float
    croniter: float


def measure() -> list[Cost]:
    """One row for each expression; and one for `load` with one due time, where croniter has to parse."""
    return [_cost(expression) for expression in EXPRESSIONS] + [_loading()]


def _cost(expression: str) -> Cost:
    schedule = parse([expression], ZONE)
    count = 1000 if expression != "0 0 29 2 *" else 15

    def ours() -> None:
        due: float | None = START_SECONDS
        for _ in range(count):
            due = schedule.next_after(due) if due is not None else None

    def theirs() -> None:
        times = croniter(expression, START.astimezone(ZoneInfo(ZONE)))
        for _ in range(count):
            times.get_next(datetime)

    return Cost(expression, _best(ours) / count, _best(theirs) / count)


def _loading() -> Cost:
    texts = [f"{task % 60} {task // 60 % 24} * * *" for task in range(LOADED)]
    dumps = [parse([text], ZONE).dump() for text in texts[:1440]]
    start = START.astimezone(ZoneInfo(ZONE))

    def ours() -> None:
        for task in range(LOADED):
            load(dumps[task % len(dumps)]).next_after(START_SECONDS)

    def theirs() -> None:
        for text in texts[:500]:
            croniter(text, start).get_next(datetime)

    return Cost("load or parse, and one", _best(ours) / LOADED, _best(theirs) / 500)


def _best(work: Callable[[], None]) -> float:
    """Microseconds."""
    return min(_timed(work) for _ in range(5)) * 1e6


def _timed(work: Callable[[], None]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    """Print the table."""
    print(f"{'µs for one due time':24}{'ours':>8}{'croniter':>10}{'ratio':>8}")
    for text, ours, theirs in measure():
        print(f"{text:24}{ours:8.1f}{theirs:10.1f}{ours / theirs:8.3f}")


if __name__ == "__main__":
    main()
