"""`state.db`: what is claimed and not yet on record, and what is derived from files so that it need not be read again.

SQLite is touched here and nowhere else. `store` opens it, `runs` holds the open runs, `parsed` the parse cache.
"""

from automate.state.runs import LastRun, OpenRun, Stop
from automate.state.store import State, StateError, open_state

__all__ = ["LastRun", "OpenRun", "State", "StateError", "Stop", "open_state"]
