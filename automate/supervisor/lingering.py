"""Outputs that are still written after their runs have ended, by what a command left in the background."""

import os

from automate import clock, output
from automate.paths import Instance

_OFTEN, _RARELY = 1.0, 5.0  # seconds between looks at an output: while it grows, and while it does not


class Lingering:
    """Keeps these outputs within their limit until no process has them open any more."""

    def __init__(self, instance: Instance) -> None:
        self._log = instance.log
        self._bounds: dict[tuple[str, int], int] = {}
        self._sizes: dict[tuple[str, int], int] = {}
        self._look_at = float("inf")

    def __bool__(self) -> bool:
        return bool(self._bounds)

    def add(self, task: str, run_id: int, max_size: int) -> None:
        """Take over the output of an ended run, if a process can still write to it."""
        if output.is_written(os.path.join(self._log, output.path_of(task, run_id))):
            self._bounds[task, run_id] = max_size
            self._look_at = min(self._look_at, clock.monotonic() + _OFTEN)

    def patience(self) -> float:
        """Seconds until there is something to look at; infinity when there is nothing."""
        return self._look_at - clock.monotonic() if self._bounds else float("inf")

    def look(self) -> None:
        """Free what is too much of each; once no process writes any more, cut it to size."""
        if self.patience() > 0:
            return
        before, self._sizes = self._sizes, {}
        for (task, run_id), most in [*self._bounds.items()]:
            written = output.kept_within(self._log, task, run_id, most)
            if written is None:
                del self._bounds[task, run_id]
            else:
                self._sizes[task, run_id] = written
        self._look_at = clock.monotonic() + (_RARELY if self._sizes == before else _OFTEN)

    def words(self) -> list[str]:
        """Return arguments for `add_words` of another process."""
        return [f"{most} {run_id} {task}" for (task, run_id), most in self._bounds.items()]

    def add_words(self, words: list[str]) -> None:
        """Take over what another process has kept within bounds."""
        for each in words:
            most, run_id, task = each.split(" ", 2)
            self.add(task, int(run_id), int(most))
