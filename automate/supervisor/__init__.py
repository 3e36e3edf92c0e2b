"""A run from claim to record, and what a crash leaves of it.

`claiming` takes it, `starting` starts an attempt, `loop` is the supervisor of any number of runs, `held_runs` has those
that it watches, `watcher` waits for them, `finishing` reads how one ended, `recording` puts it on record.

`recovery` is the step that every command takes first: it finishes what no process watches any more. `restoring` makes a
lost state anew. `python -m automate.supervisor` watches what lost its watcher.
"""

from automate.supervisor.recovery import hand_over, look, open_instance

__all__ = ["hand_over", "look", "open_instance"]
