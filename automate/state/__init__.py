"""`state.db`: what is claimed and not yet on record, and what is derived from files so that it need not be read again.

SQLite is touched here and nowhere else. `schema` has the tables, `opening` opens and makes the database, `store` is an
open one, `runs` holds the open runs, `parsed` the parse cache.
"""

from automate.state.last_runs import LastRun
from automate.state.opening import open_state
from automate.state.runs import OpenRun, Stop
from automate.state.store import State, StateError

__all__ = ["LastRun", "OpenRun", "State", "StateError", "Stop", "open_state"]
