"""A scheduler: tasks in YAML files, one record for each due time. See ARCHITECTURE.md."""

__version__ = "0.1.0"
