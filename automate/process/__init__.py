"""Processes: who runs what as whom, the shim around a command, signals, and the locks that live as long as a process.

Nothing else in the project starts, signals or waits for a process.
"""
