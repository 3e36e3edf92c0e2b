"""Several processes that step at the same time: what is due is claimed by one of them."""

import subprocess
import sys
from pathlib import Path

STEPPER = Path(__file__).with_name("stepping.py")


def test_each_due_time_is_claimed_by_one_of_four_processes(world, environment):
    for number in range(10):
        world.task(f"t{number}", "echo $AUTOMATE_TASK $AUTOMATE_DUE >>seen", schedule="every second", overlap="allow")
    world.step("12:00:00")
    arguments = [sys.executable, str(STEPPER), str(world.directory)]
    processes = [subprocess.Popen(arguments, env=environment, stdin=subprocess.PIPE) for _ in range(4)]
    for process in processes:
        process.stdin.close()  # all of them begin
    assert [process.wait(60) for process in processes] == [0] * 4
    dues = [(f"t{number}", f"12:00:{second:02}") for number in range(10) for second in range(1, 21)]
    assert sorted((name, due) for name in {f"t{n}" for n in range(10)} for due, _ in world.story(name)) == sorted(dues)
    assert len(set((world.directory / "seen").read_text().splitlines())) == 200
    assert len((world.directory / "seen").read_text().splitlines()) == 200
