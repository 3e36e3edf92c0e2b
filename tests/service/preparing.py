"""`preparing.py DIRECTORY INSTANT`: makes ready what is due after it (epoch seconds), and dies."""

import os
import signal
import sys

from automate.paths import of_directory
from automate.service.step import Preparing
from automate.supervisor import open_instance
from automate.supervisor.loop import Supervisor

instance = of_directory(sys.argv[1])
state = open_instance(instance)
Preparing(state, Supervisor(instance, state, uid=os.geteuid())).go_on(float(sys.argv[2]))
os.kill(os.getpid(), signal.SIGKILL)
