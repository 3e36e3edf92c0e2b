"""Pausing tasks, and resuming them. What runs already is not touched."""

from collections.abc import Collection, Sequence

from automate.catalog.matching import matching
from automate.errors import NotRunningError
from automate.outcomes import Pause
from automate.state import State, pauses
from automate.state.pauses import ALL


def pause(state: State, names: Sequence[str], pause: Pause) -> dict[str, Pause]:
    """Pause these tasks, or with none all of them; what now holds is returned, by name. NotAllowedError."""
    state.require_writable()
    chosen = names or [ALL]
    state.with_room(lambda: pauses.pause(state, chosen, pause))
    held = pauses.pauses(state, pause.since)
    return {name: held[name] for name in chosen if name in held}


def resume(state: State, patterns: Sequence[str], known: Collection[str], now: float) -> dict[str, Pause]:
    """End the pauses of the tasks that are meant, or with no patterns the one of all tasks; what held is returned.

    `known` are the names of the tasks there are; a task that is gone may still be paused. NotRunningError when one
    pattern means nothing that is paused: then nothing is resumed. NoSuchTaskError, NotAllowedError.
    """
    state.require_writable()
    held = pauses.pauses(state, now)
    chosen = _meant(patterns, known, held) if patterns else [ALL]
    if not patterns and ALL not in held:
        others = ", ".join(held)
        raise NotRunningError(f"only these are paused: {others}; name them" if held else "nothing is paused")
    return {name: held[name] for name in state.with_room(lambda: pauses.resume(state, chosen, now))}


def _meant(patterns: Sequence[str], known: Collection[str], held: dict[str, Pause]) -> list[str]:
    own = [name for name in held if name != ALL]
    chosen: dict[str, None] = {}
    for pattern in patterns:
        paused = [name for name in matching([pattern], {*known, *own}) if name in held]
        if not paused:
            everything = (
                f" by itself, but all tasks are, by {held[ALL].by}: `resume` without names ends that"
                if ALL in held
                else ""
            )
            raise NotRunningError(f"{pattern} is not paused{everything}")
        chosen |= dict.fromkeys(sorted(paused))
    return [*chosen]
