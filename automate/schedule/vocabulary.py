"""The words that schedules are written in, and the errors for texts that have none of the forms."""

import re

from automate import units
from automate.errors import ScheduleError, nearest, suggestion

WEEKDAY_NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAYS = {name: number for number, full in enumerate(WEEKDAY_NAMES) for name in (full, full + "s", full[:3])} | {
    "tues": 2,
    "thur": 4,
    "thurs": 4,
}
MONTHS = {name: number for number, full in enumerate(MONTH_NAMES, 1) for name in (full, full[:3])} | {"sept": 9}
WEEKS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3} | {
    "fifth": 4,
    "5th": 4,
    "last": 5,
}
WEEK_NAMES = ("first", "second", "third", "fourth", "fifth", "last")
WORKING_DAYS = 0b0111110
WEEKEND = 0b1000001
UNITS = {name: int(seconds) for name, seconds in units.UNITS.items() if seconds >= 1}
UNIT_NAMES = ((604800, "week"), (86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
MANUAL = "manual"
AT_STARTUP = "at startup"
NUMBERS = {
    name: str(number)
    for number, name in enumerate(("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"), 2)
}


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


# What people try that has no form of its own, and what to write instead.
INSTEAD = (
    (r"every .*\b(?:between|from|on|during|until)\b.*|.+ every .+", "in cron, such as `*/15 9-17 * * mon-fri`"),
    (r".*\b(?:week|working |business )day of .*", "a date or a weekday: `last friday of the month at 09:00`"),
    (r"(?:monthly|every month)\b.*", "`monthly on the 1st at 04:00`"),
    (r"(?:yearly|annually|every year)\b.*", "`yearly on 1 jan at 00:00`"),
    (r"weekly\b.*", "`every sunday at 00:00` (as cron's @weekly) or `every monday at 00:00` (as systemd)"),
    (r"(?:quarterly|every quarter)\b.*", "`on the 1st of jan, apr, jul and oct at 04:00`"),
    (r"every half(?: an)? hour", "`every 30 minutes`"),
    (r"(?:once|twice) (?:a|every|each) .*", "the times: `daily at 02:00 and 14:30`"),
)
EXAMPLES = (
    "daily at 02:00",
    "every day at 02:00",
    "at 02:00 and 14:30",
    "weekdays at 09:00",
    "weekends at 09:00",
    "mon, thu at 18:30",
    "monthly on the 1st at 04:00",
    "last day of the month at 23:00",
    "first monday of the month at 09:00",
    "yearly on 1 jan at 00:00",
    "hourly",
    "every hour at :05",
    "every minute",
    "every 15 minutes",
    "every 90s",
    "every 2 hours",
    "every 3 days at 04:00",
    "every 2 weeks on monday at 09:00",
    "2027-01-01 00:00",
    "manual",
    "@daily",
    "@reboot",
)


def refused(text: str, phrase: str) -> ScheduleError:
    """Make the error of a text; `phrase` is the text in lower case with single spaces."""
    if instead := next((hint for form, hint in INSTEAD if re.fullmatch(form, phrase)), None):
        return ScheduleError(f"cannot read `{text}`; write {instead}")
    return _strange(text)


def _strange(text: str) -> ScheduleError:
    known = {word for example in EXAMPLES for word in re.findall(r"[a-z]+", example)}
    known |= {
        *WEEKDAYS,
        *MONTHS,
        *WEEKS,
        *UNITS,
        "to",
        "noon",
        "midnight",
        "th",
        "other",
    }
    strange = next((word for word in re.finditer(r"[^\W\d_]+", text) if word.group().lower() not in known), None)
    form = nearest(text, EXAMPLES)
    if strange:
        word = nearest(strange.group(), known)
        hint = suggestion(word) if word else f"; expected such as `{form or 'daily at 02:00'}`"
        return ScheduleError(f"cannot read `{text}`: unknown word `{strange.group()}`{hint}", strange.start())
    return ScheduleError(f"cannot read `{text}`; expected such as `{form or 'daily at 02:00'}`, or five cron fields")
