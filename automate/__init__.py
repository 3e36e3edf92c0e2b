"""A scheduler: tasks in YAML files, one record for each due time. ARCHITECTURE.md leads through the house."""

__version__ = "0.1.0"
