"""Pauses, in words."""

from automate.characters import visible
from automate.outcomes import Pause
from automate.render.figures import when


def terms(pause: Pause) -> str:
    """Format the end, author and reason of a pause: `until 2026-11-21 14:00 +01:00, by root: new disks`."""
    why = f": {pause.reason}" if pause.reason else ""
    return visible(f"{end(pause)}, by {pause.by}{why}")


def end(pause: Pause) -> str:
    """`until 2026-11-21 14:00 +01:00`, or `until resumed`."""
    if pause.until is None:
        return "until resumed"
    return f"until {when(pause.until, seconds=None)}"
