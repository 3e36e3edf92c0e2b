"""Processes: users, the shim around a command, signals, and locks that last as long as a process.

Nothing else in the project starts, signals or waits for a process.
"""
