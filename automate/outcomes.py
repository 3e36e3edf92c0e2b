"""How a run ended, or why there was none, and why it exists: the closed sets of DESIGN sections 2 and 7."""

from typing import Literal

Outcome = Literal["success", "warning", "failed", "timeout", "stopped", "lost", "error", "skipped", "missed"]
Trigger = Literal["schedule", "catch-up", "manual", "startup", "after"]

RAN: frozenset[Outcome] = frozenset({"success", "warning", "failed", "timeout", "stopped", "lost"})
OF_SCHEDULE: frozenset[Trigger] = frozenset({"schedule", "catch-up"})
DONE: frozenset[Outcome] = frozenset({"success", "warning"})
FAILED: frozenset[Outcome] = frozenset({"failed", "timeout", "lost", "error"})
GOOD: frozenset[Outcome] = frozenset({"success", "warning", "skipped"})
PASSED_OVER: frozenset[Outcome] = frozenset({"skipped", "missed"})
