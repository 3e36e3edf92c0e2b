"""The rules that decide, as pure functions: no clock, no file, no process."""
