"""What operators do with tasks, runs and their history; one module for each."""
