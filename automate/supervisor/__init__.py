"""A run from claim to record, and what a crash leaves of it.

`claiming` takes it, `starting` starts an attempt, `loop` waits for all of them, `ending` reads how one ended and writes
the record, `looking` is the step every command takes first: it finishes what nobody watches any more. `restoring` makes
a lost state anew. `python -m automate.supervisor` watches what lost its watcher.
"""

from automate.supervisor.recovery import hand_over, look, open_instance

__all__ = ["hand_over", "look", "open_instance"]
