"""`stepping.py DIRECTORY`: once standard input ends, a step at each of 21 seconds from 12:00:00 of the tests' day."""

import os
import sys
from datetime import UTC, datetime

from automate.catalog import Catalog
from automate.paths import of_directory
from automate.service.step import step
from automate.supervisor import open_instance
from automate.supervisor.loop import Supervisor

instance = of_directory(sys.argv[1])
state = open_instance(instance)
supervisor = Supervisor(instance, state, uid=os.geteuid())
noon = datetime(2027, 1, 15, 12, tzinfo=UTC).timestamp()
sys.stdin.read()
for second in range(21):
    at = noon + second
    step(Catalog(instance, state, owner=None, now=at), state, supervisor, at)
    supervisor.step(0.02)
while supervisor.busy:
    supervisor.step(1)
