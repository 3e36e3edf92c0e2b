"""The lines of a crontab that set a variable, by load_env of Vixie's cron, which Debian's and cronie still have."""

import re

_NAME = r"""(?:"(?P<dq>[^"=]*)"|'(?P<sq>[^'=]*)'|(?P<name>[^\s="'][^\s=]*))"""
_VALUE = r"""(?:"(?P<dqv>[^"]*)"\s*|'(?P<sqv>[^']*)'\s*|(?P<value>[^"'\s].*)?)"""
_assignment = re.compile(rf"\s*{_NAME}\s*=\s*{_VALUE}").fullmatch


def assignment(line: str) -> tuple[str, str] | None:
    """Name and value; None for a line that is none, such as a job whose command has a `=`.

    The name and the value may each be in quotes of one kind; within them nothing is special, and nothing is expanded.
    Spaces at the end of a value without quotes are no part of it. An empty value is cronie's; Debian wants `NAME=""`.
    """
    found = _assignment(line)
    if found is None:
        return None
    name = found["dq"] or found["sq"] or found["name"]
    value = next(
        (found[group] for group in ("dqv", "sqv") if found[group] is not None), (found["value"] or "").rstrip()
    )
    return (name, value) if name else None
