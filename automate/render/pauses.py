"""Pauses, in words."""

from typing import Protocol

from automate.characters import visible
from automate.render.figures import when


class Pause(Protocol):
    """As the state keeps it, or as the rules know it. Instants are epoch seconds."""

    @property
    def since(self) -> float: ...
    @property
    def until(self) -> float | None: ...
    @property
    def by(self) -> str: ...
    @property
    def reason(self) -> str: ...


def terms(pause: Pause) -> str:
    """Until when, by whom and why: `until 2026-11-21 14:00 +01:00, by root: new disks`."""
    why = f": {pause.reason}" if pause.reason else ""
    return visible(f"{end(pause)}, by {pause.by}{why}")


def end(pause: Pause) -> str:
    """`until 2026-11-21 14:00 +01:00`, or `until resumed`."""
    if pause.until is None:
        return "until resumed"
    return f"until {when(pause.until, seconds=None)}"
