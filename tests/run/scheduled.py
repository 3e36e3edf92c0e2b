"""`scheduled.py DIRECTORY NAME [leave]`: a run of the task as the scheduler begins it, now due. With `leave` it is left
to whoever looks next, as if this process had been killed."""

import os
import sys
import time

from automate import paths
from automate.catalog import Catalog
from automate.supervisor import open_instance
from automate.supervisor.admission import Request
from automate.supervisor.loop import Supervisor

directory, name, *leave = sys.argv[1:]
instance = paths.of_directory(directory)
state = open_instance(instance)
now = time.time()
task = Catalog(instance, state, owner=None, now=now).task(name)
supervisor = Supervisor(instance, state, uid=os.geteuid())
supervisor.begin([Request(task, trigger="schedule", due=float(int(now)))])
while supervisor.busy and not leave:
    supervisor.step(10)
os._exit(0)
