"""Calendar events of systemd.time(7), `Mon..Fri 10:00` and `*-*-01 04:00`, as cron fields that mean the same."""

import re

from automate.schedule.fault import ScheduleError
from automate.schedule.vocabulary import WEEKDAYS

_DAY = f"(?:{'|'.join(sorted(WEEKDAYS, key=len, reverse=True))})"
_COMPONENT = r"[\d*,./]+"
_EVENT = re.compile(
    rf"(?:(?P<weekdays>{_DAY}(?:(?:,|\.\.){_DAY})*)(?: |$))?"
    rf"(?:(?:\*-)?(?P<month>{_COMPONENT})(?P<from_end>[-~])(?P<date>{_COMPONENT})(?: |$))?"
    rf"(?:(?P<hour>{_COMPONENT}):(?P<minute>{_COMPONENT})(?::00)?)?",
    re.ASCII | re.IGNORECASE,
)
_ITEM = re.compile(r"(\*|\d+)(?:\.\.(\d+))?(?:/(\d+))?", re.ASCII)


def as_cron(text: str) -> str | None:
    """Translate an event to five fields; None where the text is none, or could be a phrase too. ScheduleError."""
    parts = _EVENT.fullmatch(" ".join(text.split()))
    if parts is None or not ("*" in text or ".." in text):
        return None
    date, weekdays = _items(parts["date"], 31), (parts["weekdays"] or "*").lower().replace("..", "-")
    if parts["from_end"] == "~":
        if date not in ("1", "01"):
            raise ScheduleError(f"cannot read `{text}`; days from the month's end have no form here but `*-*~01`")
        date = "L"
    if date != "*" and weekdays != "*":
        raise ScheduleError(f"cannot read `{text}`; give days of the month or of the week, not both")
    hour, minute = (_items(parts[name] or "0", high) for name, high in (("hour", 23), ("minute", 59)))
    if hour == "*":
        minute = re.sub(r"^0-59/", "*/", minute)
    names = re.sub(_DAY, lambda name: name[0][:3], weekdays)
    return f"{minute} {hour} {date} {_items(parts['month'], 12)} {names}"


def _items(component: str | None, high: int) -> str:
    """Write values as in systemd; `0/15` has no end: it continues to the field's greatest value."""

    def item(parts: re.Match[str]) -> str:
        first, last, step = parts.groups()
        span = first if first == "*" or not (last or step) else f"{first}-{last or high}"
        return span + (f"/{step}" if step else "")

    return _ITEM.sub(item, component or "*")
