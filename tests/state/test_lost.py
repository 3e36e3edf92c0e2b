"""A state that is no more, and cannot be made anew."""

import pytest

from automate.paths import of_directory
from automate.state import StateError, runs
from automate.supervisor import open_instance


@pytest.mark.parametrize("kind", ["transaction", "hasty_transaction"])
def test_what_cannot_be_written_is_an_error_of_the_state(instance, kind):
    state = open_instance(of_directory(str(instance)))
    state.close()
    with pytest.raises(StateError), getattr(state, kind)():
        runs.reserve_ids(state, 1)
