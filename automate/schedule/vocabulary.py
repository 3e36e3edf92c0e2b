"""The words that schedules are written in, and the errors for texts that have none of the forms."""

import re
from collections.abc import Callable
from functools import partial

from automate import units
from automate.errors import ScheduleError, nearest

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


def _dates(found: re.Match[str]) -> str:
    return f"monthly on the {' and '.join(ordinal(int(date)) for date in re.findall('[0-9]+', found['dates']))}"


def _on_days(found: re.Match[str]) -> str:
    days = {"weekday": "mon-fri", "weekend": "sat,sun"}[found["days"].rstrip("s")]
    return f"*/{found['step']} * * * {days}" if found["unit"] == "minutes" else f"0 */{found['step']} * * {days}"


_REWORDED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"^cron\((.*)\)$", r"\1"),  # EventBridge
    (r"^((?:\S+ ){2})\?((?: \S+){2})(?: \*)?$", r"\1*\2"),
    (r"^((?:\S+ ){4})\?(?: \*)?$", r"\1*"),
    (r"^rate\((\d+ \w+)\)$", r"every \1"),
    (r"^p(\d+[dw])$|^pt(\d+[hms])$", r"every \1\2"),  # ISO 8601
    (r"^(?:rrule:)?freq=(hour|dai|week|month|year)ly.*$", r"@\1ly"),
    (r"^@(?!hourly|daily|weekly|monthly|yearly|reboot)", ""),
    (r"^(\w+)_(\w+)$", r"\1 \2"),
    (r"^(?:on )?(?:the )?first(?= of )", "1st"),
    (r"^(?:on |at |after )?(?:(?:re)?boot|start(?:up)?)$", "@reboot"),
    (r"^(?:never|no|off|none|null|false|disabled|by hand)$", "manual"),
    (r"^minutely$|^once (?:a|per|every) minute$", "every minute"),
    (r"^once (?:an|per|every) hour$", "hourly"),
    (r"^(?:every )?night(?:ly)?$|^once (?:a|per|every) day$", "daily at 02:00"),
    (r"^twice (?:a|per|every) day$|^twice daily$", "daily at 02:00 and 14:30"),
    (r"^once (?:a|per|every) week$", "every monday at 02:00"),
    (r"^twice (?:a|per|every) week$", "mon, thu at 02:00"),
    (r"^once (?:a|per|every) month$", "monthly on the 1st at 02:00"),
    (r"^every (?:morning|day in the morning)$", "daily at 07:00"),
    (r"^every evening$", "daily at 19:00"),
    (r"^every morning at ", "daily at "),
    (r" in the morning$", "am"),
    (r"^(?:every )?half(?: an|-)? ?hour$", "every 30 minutes"),
    (r"^every hour (?:at|on) (?:the )?half(?: hour)?$", "every hour at :30"),
    (r"^(?:hourly|every hour) (?:at|on) (?:minute )?(\d{1,2})$", lambda found: f"every hour at :{int(found[1]):02}"),
    (r"^every (\d{1,2})\.5 hours?$", lambda found: f"every {int(found[1]) * 60 + 30} minutes"),
    (r"(?<=\d)\.(?=\d\d\b)", ":"),
    (r"^(every \d+ weeks?) (?!on |at |from )", r"\1 on "),
    (r"^(?:monthly |every month )?on (?:the )?(?P<dates>\d{1,2}(?: ?(?:,|and) ?\d{1,2})*)(?= at |$)", _dates),
    (r"^(?P<dates>\d{1,2}(?:,\d{1,2})+)(?= at )", _dates),
    (r"^every (?P<step>\d{1,2}) (?P<unit>minutes|hours),? (?:on |during )?(?P<days>week(?:day|end)s?)$", _on_days),
    (
        r"^every (\d{1,2}) minutes (?:between|from) 0?(\d{1,2})(?::00)? ?(?:and|to|until|-) ?(\d{1,2})(?::00)?$",
        r"*/\1 \2-\3 * * *",
    ),
)
"""What users of other schedulers write, with what is probably meant; applied one after the other."""

INSTEAD = (
    (r"every .*\b(?:between|from|on|during|until)\b.*|.+ every .+", "in cron, such as `*/15 9-17 * * mon-fri`"),
    (r".*\b(?:week|working |business )day of .*", "a date or a weekday: `last friday of the month at 09:00`"),
    (r"(?:monthly|every month)\b.*", "`monthly on the 1st at 04:00`"),
    (r"(?:yearly|annually|every year)\b.*", "`yearly on 1 jan at 00:00`"),
    (r"weekly\b.*", "`every sunday at 00:00` (as cron's @weekly) or `every monday at 00:00` (as systemd)"),
    (r"(?:bi-?weekly|fortnightly)\b.*", "`every 2 weeks on monday at 09:00` or `mon, thu at 09:00`"),
    (r"(?:quarterly|every quarter)\b.*", "`on the 1st of jan, apr, jul and oct at 04:00`"),
    (r"(?:now|today|tomorrow|in \d)\b.*", "a date, for a task that is due once: `2027-01-01 10:00`"),
    (r".* (?:utc|gmt|[a-z_]+/[a-z_/]+)", "the zone as a key of its own: `timezone: Europe/Berlin`"),
)
"""What has no form of its own or could mean two things, with what to write."""

_KNOWN = frozenset((
    *WEEKDAYS, *MONTHS, *WEEKS, *UNITS, *NUMBERS,
    "am", "and", "annually", "at", "daily", "day", "days", "each", "every", "hourly", "manual", "midnight", "month",
    "monthly", "nd", "noon", "of", "on", "other", "pm", "quarterly", "rd", "st", "th", "the", "to", "weekday",
    "weekdays", "weekend", "weekends", "weekly", "yearly",
))  # fmt: skip


def in_lower_case(text: str) -> str:
    """Return a text with single spaces, `3 p.m.` as `3pm` and `everyday` as `every day`."""
    phrase = re.sub(r"(?<=\d) ?([ap])\.?m\b\.?", r"\1m", " ".join(text.lower().split()))
    phrase = re.sub(r"^(?:each |every-?(?=day\b))", "every ", phrase)
    return re.sub(r"(?<=^every )[a-z]+", lambda word: NUMBERS.get(word[0], word[0]), phrase)


def reworded(text: str) -> list[str]:
    """Return texts that may be meant, the likeliest first: in our words, with words spelled as ours, with a time."""
    phrase = better = in_lower_case(text)
    for form, ours in _REWORDED:
        better = re.sub(form, ours, better)
    spelled = [
        re.sub(r"(?<![a-z])[a-z]{3,}", partial(_spelled, rank), each) for each in (phrase, better) for rank in range(3)
    ]
    texts = [better, *spelled]
    with_times = [f"{each} 00:00" if each[4:5] == "-" else f"{each} at 00:00" for each in (phrase, *texts) if each]
    return [each for each in dict.fromkeys((*texts, *with_times)) if each != phrase]


def _spelled(rank: int, found: re.Match[str]) -> str:
    """Return a known word for an unknown one: that of this rank among those that are close."""
    close = [] if found[0] in _KNOWN else nearest(found[0], _KNOWN, rank + 1)
    return close[-1] if close else found[0]


def refused(text: str, phrase: str) -> ScheduleError:
    """Make the error of a text; `phrase` is the text in lower case with single spaces."""
    if instead := next((hint for form, hint in INSTEAD if re.fullmatch(form, phrase)), None):
        return ScheduleError(f"cannot read `{text}`; write {instead}")
    expected = "expected a schedule such as `daily at 02:00`, `every 15 minutes` or five cron fields"
    strange = next((word for word in re.finditer(r"[^\W\d_]+", text) if word.group().lower() not in _KNOWN), None)
    if strange:
        return ScheduleError(f"cannot read `{text}`: unknown word `{strange.group()}`; {expected}", strange.start())
    return ScheduleError(f"cannot read `{text}`; {expected}")
