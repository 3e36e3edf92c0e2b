"""Keys that move what a full screen shows: those of xterm (ctlseqs, "PC-Style Function Keys") and of less(1)."""

import re

Step = tuple[int, int]
"""A number of lines down, and of screens."""

_ALL = 1 << 40
_STEPS: dict[str, Step] = {
    **dict.fromkeys(("\x1b[A", "\x1bOA", "k", "\x10"), (-1, 0)),
    **dict.fromkeys(("\x1b[B", "\x1bOB", "j", "\x0e", "\r", "\n"), (1, 0)),
    **dict.fromkeys(("\x1b[5~", "b", "\x02"), (0, -1)),
    **dict.fromkeys(("\x1b[6~", "f", "\x06"), (0, 1)),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~", "g", "<"), (-_ALL, 0)),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~", "G", ">"), (_ALL, 0)),
}
_SEQUENCE = re.compile(r"\x1b[\[O][\d;]*[A-Za-z~]")
_KEY = re.compile(rf"{_SEQUENCE.pattern}|\x1b[\[O]?[\d;]*\Z|.", re.DOTALL)


def keys(typed: str) -> tuple[list[str], str]:
    """Split into keys; return also the beginning of an incomplete one, as a slow line may deliver it."""
    found = _KEY.findall(typed)
    is_begun = bool(found) and found[-1].startswith("\x1b") and not _SEQUENCE.fullmatch(found[-1])
    return (found[:-1], found[-1]) if is_begun else (found, "")


def step(key: str) -> Step | None:
    """Return the movement of a key, None for any other key."""
    return _STEPS.get(key)


def moved(top: int, by: Step, room: int, count: int) -> int:
    """Return the first of `count` lines to show in `room` lines, so that no room stays empty."""
    lines, screens = by
    return max(0, min(top + lines + screens * max(1, room), count - room))
