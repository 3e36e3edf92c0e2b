"""What operators do: run a task by hand, and stop one."""
